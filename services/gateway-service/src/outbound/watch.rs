use fault::{Fault, Result};
use futures::future::BoxFuture;
use std::time::Duration;
use tokio::time::Instant;
use tonic::Streaming;
use uuid::Uuid;

/// Pause before a broken stream is opened again; doubles with each try that brought nothing, and is spread, so that those who
/// lost it together do not come back together.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The beginning of a stream.
pub type Opening<T> = BoxFuture<'static, Result<Streaming<T>>>;

/// Something of a peer's that is watched. A stream that breaks is opened again for as long as somebody asks what is next.
pub struct Watch<T> {
    open: Box<dyn Fn() -> Opening<T> + Send>,
    state: State<T>,
    pause: Duration,
    spread: f64,
}

enum State<T> {
    Waits(Instant),
    Opens(Opening<T>),
    Open(Box<Streaming<T>>),
}

/// What happened to what is watched.
pub enum Heard<T> {
    /// The stream was opened, for the first time or again.
    Opened,
    News(T),
    /// The stream broke or could not be opened. Asking on opens it again after a pause; in vain where the fault says so.
    Lost(Fault),
}

impl<T> Watch<T> {
    /// Of one watcher, by whose id the pauses are spread.
    pub fn new(watcher: Uuid, open: impl Fn() -> Opening<T> + Send + 'static) -> Self {
        let part = u32::try_from(watcher.as_u128() % 1_000).unwrap_or_default();
        Self {
            state: State::Opens(open()),
            open: Box::new(open),
            pause: FIRST_PAUSE,
            spread: 1.0 + f64::from(part) / 1_000.0,
        }
    }

    /// What happens next. Safe to cancel.
    pub async fn next(&mut self) -> Heard<T> {
        loop {
            match &mut self.state {
                State::Waits(until) => {
                    tokio::time::sleep_until(*until).await;
                    self.state = State::Opens((self.open)());
                }
                State::Opens(opening) => match opening.await {
                    Ok(stream) => {
                        self.state = State::Open(Box::new(stream));
                        return Heard::Opened;
                    }
                    Err(fault) => return self.lost(fault),
                },
                State::Open(stream) => match stream.message().await {
                    Ok(Some(news)) => {
                        self.pause = FIRST_PAUSE;
                        return Heard::News(news);
                    }
                    Ok(None) => return self.lost(Fault::unavailable("a peer", "it ended the stream")),
                    Err(status) => return self.lost(rpc::from_status(&status)),
                },
            }
        }
    }

    /// Opens the stream again after a pause: what it told last is to be told once more.
    pub fn again(&mut self) {
        self.state = State::Waits(Instant::now() + self.pause.mul_f64(self.spread));
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
    }

    fn lost(&mut self, fault: Fault) -> Heard<T> {
        self.again();
        Heard::Lost(fault)
    }
}
