//! Reads a consumer by requests for so many messages each: who does not ask gets nothing more, and takes in all that was
//! asked for.

use crate::Bus;
use crate::settle::progress;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::consumer::pull::BatchConfig;
use async_nats::jetstream::{Context, Message};
use async_nats::{StatusCode, Subject, Subscriber};
use fault::{Fault, Result};
use futures::{FutureExt, StreamExt};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::watch;

/// The server forgets a request after this long, and says so.
const EXPIRES: Duration = Duration::from_secs(5);
/// Without a word for so long, the server has lost our requests.
const LOST: Duration = Duration::from_secs(8);
/// On a status: how much of its request is not answered.
const UNANSWERED: &str = "Nats-Pending-Messages";

/// The messages of one consumer. What it was sent and has not handed out is lost when it is dropped, and comes again.
pub(crate) struct Pulls {
    consumer: PullConsumer,
    context: Context,
    inbox: Subject,
    arriving: Subscriber,
    /// What has come and is not handed out.
    waiting: VecDeque<Message>,
    batch: usize,
    /// Messages that were asked for and have not come.
    asked: usize,
}

impl Pulls {
    /// Asks for `batch` messages at a time.
    pub(crate) async fn open(bus: &Bus, consumer: PullConsumer, batch: usize) -> Result<Self> {
        let inbox = Subject::from(bus.client().new_inbox());
        let arriving = bus.client().subscribe(inbox.clone()).await;
        Ok(Self {
            consumer,
            context: bus.jetstream().clone(),
            inbox,
            arriving: arriving.map_err(|error| Fault::unavailable("NATS", error))?,
            waiting: VecDeque::new(),
            batch,
            asked: 0,
        })
    }

    /// The next message. Asks for more only while nobody is `full`.
    pub(crate) async fn next(&mut self, full: &mut watch::Receiver<usize>) -> Result<Message> {
        if let Some(message) = self.waiting.pop_front() {
            return Ok(message);
        }
        loop {
            if *full.borrow_and_update() == 0 && self.asked <= self.batch / 2 {
                self.ask().await?;
            }
            tokio::select! {
                arrived = self.arriving.next() => {
                    let arrived = arrived.ok_or_else(|| Fault::unavailable("NATS", "the subscription ended"))?;
                    if let Some(message) = self.take(arrived)? {
                        return Ok(message);
                    }
                }
                Ok(()) = full.changed() => {}
                () = tokio::time::sleep(LOST), if self.asked > 0 => self.asked = 0,
            }
        }
    }

    /// Tells the server that what has come and is not handed out is still wanted.
    pub(crate) async fn keep(&mut self, bus: &Bus) {
        while let Some(Some(arrived)) = self.arriving.next().now_or_never() {
            match self.take(arrived) {
                Ok(message) => self.waiting.extend(message),
                // The next request is answered by the same.
                Err(_) => self.asked = 0,
            }
        }
        for message in &self.waiting {
            progress(bus, message).await;
        }
    }

    async fn ask(&mut self) -> Result<()> {
        let request = BatchConfig {
            batch: self.batch,
            expires: Some(EXPIRES),
            ..Default::default()
        };
        let asked = self.consumer.request_batch(request, self.inbox.clone()).await;
        asked.map_err(|error| Fault::unavailable("JetStream", error))?;
        self.asked += self.batch;
        Ok(())
    }

    /// A message, or what the server says of a request.
    fn take(&mut self, arrived: async_nats::Message) -> Result<Option<Message>> {
        match arrived.status {
            None | Some(StatusCode::OK) => {
                self.asked = self.asked.saturating_sub(1);
                let context = self.context.clone();
                Ok(Some(Message {
                    message: arrived,
                    context,
                }))
            }
            Some(StatusCode::TIMEOUT | StatusCode::REQUEST_TERMINATED) if !is_deleted(&arrived) => {
                let unanswered = arrived.headers.as_ref().and_then(|headers| headers.get(UNANSWERED));
                let unanswered = unanswered.and_then(|count| count.as_str().parse().ok());
                self.asked = self.asked.saturating_sub(unanswered.unwrap_or(self.batch));
                Ok(None)
            }
            Some(status) => {
                let why = arrived.description.unwrap_or_default();
                Err(Fault::unavailable("JetStream", format!("{status} {why}")))
            }
        }
    }
}

fn is_deleted(status: &async_nats::Message) -> bool {
    status.description.as_deref() == Some("Consumer Deleted")
}
