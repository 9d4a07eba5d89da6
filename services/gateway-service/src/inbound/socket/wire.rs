use crate::app::meters::Meters;
use crate::inbound::http::problem;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use domain::Invalid;
use fault::{Fault, Kind};
use serde::Serialize;
use std::marker::PhantomData;
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite;

/// Who opens a socket and says nothing holds a slot for so long.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How long the other side may take over its part of closing.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Close codes of RFC 6455 and the IANA registry.
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;
const NOT_TEXT: u16 = 1003;
const REFUSED: u16 = 1008;
const TOO_BIG: u16 = 1009;
const OUR_FAULT: u16 = 1011;
const RESTART: u16 = 1012;
const LATER: u16 = 1013;

/// Why a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The page said so.
    Closed,
    /// Without a word, or too slow.
    Lost,
    /// This process stops; the client connects again.
    Restart,
    /// By us, with this close code and reason.
    Refused(u16, &'static str),
}

impl End {
    pub const TOO_FAST: Self = Self::Refused(REFUSED, "too many frames; slow down");
    pub const NO_HELLO: Self = Self::Refused(REFUSED, "the first frame must be hello, within 5 seconds");
    pub const EXPIRED: Self = Self::Refused(REFUSED, "the session has expired");

    /// Name for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Lost => "lost",
            Self::Restart => "restart",
            Self::Refused(..) => "refused",
        }
    }

    /// The end of a socket that could not even begin.
    pub fn of(fault: &Fault) -> Self {
        match fault.kind() {
            Kind::Internal => Self::Refused(OUR_FAULT, fault.code().name),
            kind if kind.may_retry() => Self::Refused(LATER, fault.code().name),
            _ => Self::Refused(REFUSED, fault.code().name),
        }
    }
}

/// Why a frame was not carried out.
pub enum Trouble {
    Fault(Fault),
    End(End),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Invalid> for Trouble {
    fn from(invalid: Invalid) -> Self {
        Self::Fault(invalid.into())
    }
}

impl From<End> for Trouble {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// What goes out over a socket.
pub trait Outgoing: Serialize {
    /// Name for metrics.
    fn name(&self) -> &'static str;

    /// The answer to a frame that could not be carried out; `id` is by what its sender knows that frame.
    fn complaint(fault: &Fault, id: Option<String>) -> Self;
}

/// The socket, with an end to every wait for the other side.
pub struct Wire<F> {
    socket: WebSocket,
    write_within: Duration,
    /// Set once the connection broke: so long, what had arrived before is still read.
    read_until: Option<Instant>,
    meters: Meters,
    frames: PhantomData<fn(F)>,
}

impl<F: Outgoing> Wire<F> {
    /// A reader that takes longer than `write_within` over one frame is too slow, or gone.
    pub fn new(socket: WebSocket, write_within: Duration, meters: Meters) -> Self {
        Self {
            socket,
            write_within,
            read_until: None,
            meters,
            frames: PhantomData,
        }
    }

    /// The first text frame, in time.
    pub async fn first(&mut self) -> Result<Utf8Bytes, End> {
        let first = async {
            loop {
                if let Some(text) = self.next().await? {
                    return Ok(text);
                }
            }
        };
        let first = tokio::time::timeout(HELLO_WITHIN, first).await;
        first.map_err(|_| End::NO_HELLO)?
    }

    /// The next text frame; `None` for a sign of life without content. Safe to cancel.
    pub async fn next(&mut self) -> Result<Option<Utf8Bytes>, End> {
        let received = match self.read_until {
            None => self.socket.recv().await,
            Some(until) => tokio::time::timeout_at(until, self.socket.recv()).await.ok().flatten(),
        };
        match received {
            Some(Ok(Message::Text(text))) => Ok(Some(text)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Binary(_))) => Err(End::Refused(NOT_TEXT, "text frames only")),
            Some(Ok(Message::Close(said))) => match said.map(|said| said.code) {
                Some(NORMAL | GOING_AWAY) => Err(End::Closed),
                // Proxies and crashing clients close too; only these two codes are a page's own word.
                _ => Err(End::Lost),
            },
            Some(Err(error)) => Err(of_error(error)),
            None => Err(End::Lost),
        }
    }

    pub async fn send(&mut self, frame: &F) -> Result<(), End> {
        let text = serde_json::to_string(frame).map_err(|_| End::Refused(OUR_FAULT, "service.internal"))?;
        self.write(Message::Text(text.into())).await?;
        self.meters.said(frame.name());
        Ok(())
    }

    pub async fn ping(&mut self) -> Result<(), End> {
        self.write(Message::Ping(axum::body::Bytes::new())).await
    }

    /// Answers a frame that could not be carried out.
    pub async fn complain(&mut self, fault: &Fault, id: Option<String>) -> Result<(), End> {
        problem::log(fault);
        self.send(&F::complaint(fault, id)).await
    }

    /// Closes as the end demands, and lets the other side finish.
    pub async fn close(mut self, end: End) {
        let (code, reason) = match end {
            End::Lost => return,
            End::Closed => (NORMAL, ""),
            End::Restart => (RESTART, "this process is stopping; connect again"),
            End::Refused(code, reason) => (code, reason),
        };
        let reason = Utf8Bytes::from_static(reason);
        let closing = async {
            // Whoever is gone needs no good-bye.
            let _ = self
                .socket
                .send(Message::Close(Some(CloseFrame { code, reason })))
                .await;
            while let Some(Ok(_)) = self.socket.recv().await {}
        };
        let _ = tokio::time::timeout(CLOSE_WITHIN, closing).await;
    }

    /// LOST for a reader that is too slow. A connection that broke is no error here: its good-bye may have arrived and
    /// not been read yet, so [`Wire::next`] tells the end.
    async fn write(&mut self, message: Message) -> Result<(), End> {
        if self.read_until.is_some() {
            return Ok(());
        }
        let sent = tokio::time::timeout(self.write_within, self.socket.send(message)).await;
        if sent.map_err(|_| End::Lost)?.is_err() {
            self.read_until = Some(Instant::now() + CLOSE_WITHIN);
        }
        Ok(())
    }
}

fn of_error(error: axum::Error) -> End {
    match error.into_inner().downcast::<tungstenite::Error>().map(|error| *error) {
        Ok(tungstenite::Error::Capacity(_)) => End::Refused(TOO_BIG, "a message has at most 65,536 bytes"),
        _ => End::Lost,
    }
}
