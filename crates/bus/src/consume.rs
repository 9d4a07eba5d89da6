use crate::Bus;
use crate::pulls::Pulls;
use crate::received::received;
use crate::settle::{Next, backoff, progress, settle};
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::{AckKind, Message};
use events::{DEAD, FACTS, Received, StreamSpec, headers};
use fault::{Fault, Result};
use futures::StreamExt;
use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// What a consumer reads and how much at a time.
#[derive(Debug, Clone)]
pub struct ConsumerSpec {
    pub stream: &'static StreamSpec,
    /// Durable name; with its stream, the identity of the consumer. Also the name of its inbox rows.
    pub durable: &'static str,
    /// Subjects; none: all of the stream's.
    pub filters: Vec<String>,
    /// Messages handled at once (one by one), or batches' writers (in batches).
    pub workers: usize,
    /// Largest batch.
    pub batch: usize,
    /// Without an acknowledgement or sign of life for this long, the server delivers again.
    pub ack_wait: Duration,
    /// Delays of a message that fails by itself; after the last one it is dead.
    pub retries: Cow<'static, [Duration]>,
    /// Messages that a batches' writer sets aside while what they need is away, before nothing more is asked for. What
    /// was asked for (one and a half batches at most) still comes.
    pub parked: usize,
    /// For a work queue that one replica reads at a time (see `runtime::take_turns`): the epoch of its turn. The consumer
    /// of an earlier one is removed, so that everything it had in its hands comes again at once and in its order, and
    /// the replica that held it can read no more.
    pub generation: Option<u64>,
}

/// The server's backstop behind `retries`, which count first.
const BACKSTOP_DELIVERIES: i64 = 100;
const REOPEN_PAUSE: Duration = Duration::from_secs(1);
/// Something another fact will bring mostly comes within a second; a mistake of ours needs a person.
const FACT_RETRIES: &[Duration] = &[
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];

impl ConsumerSpec {
    /// Facts, one by one, 16 at once.
    pub fn facts(durable: &'static str, filters: Vec<String>) -> Self {
        Self {
            stream: &FACTS,
            durable,
            filters,
            workers: 16,
            batch: 256,
            ack_wait: Duration::from_secs(30),
            retries: Cow::Borrowed(FACT_RETRIES),
            parked: 1_000,
            generation: None,
        }
    }

    /// The consumer's name on the server.
    fn name(&self) -> String {
        match self.generation {
            Some(generation) => format!("{}-{generation}", self.durable),
            None => self.durable.to_owned(),
        }
    }
}

/// Handles one message. Must be idempotent: the same message can come again at any time.
pub trait Handler: Send + Sync + 'static {
    /// The fault's kind decides whether the message is delayed or dead; see `fault::Kind::ack`.
    fn handle(&self, message: Received) -> impl Future<Output = Result<()>> + Send;
}

/// Runs a handler over a consumer until `stop`; then finishes what has begun. Survives lost servers, deleted
/// consumers and panicking handlers.
pub async fn consume<H: Handler>(bus: Bus, spec: ConsumerSpec, handler: Arc<H>, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(spec.workers));
    let tasks = TaskTracker::new();
    let spec = Arc::new(spec);
    let (_never_full, full) = watch::channel(0);
    let mut reader = Reader::new(&bus, &spec, &stop, full);
    while let Some(message) = reader.next().await {
        let slot = loop {
            tokio::select! {
                slot = slots.clone().acquire_owned() => break slot.expect("the slots are never closed"),
                () = tokio::time::sleep(spec.ack_wait / 4) => {
                    progress(&bus, &message).await;
                    reader.keep().await;
                }
            }
        };
        let (bus, spec, handler, stop) = (bus.clone(), spec.clone(), handler.clone(), stop.clone());
        tasks.spawn(async move {
            handle_one(&bus, &spec, handler, &message, &stop).await;
            drop(slot);
        });
    }
    tasks.close();
    tasks.wait().await;
}

/// Messages of a consumer until `stop`; opens the consumer again whenever it is lost.
pub(crate) struct Reader<'a> {
    bus: &'a Bus,
    spec: &'a ConsumerSpec,
    stop: &'a CancellationToken,
    /// How many of those who take the messages are full; meanwhile only what was asked for is read.
    full: watch::Receiver<usize>,
    messages: Option<Pulls>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        bus: &'a Bus,
        spec: &'a ConsumerSpec,
        stop: &'a CancellationToken,
        full: watch::Receiver<usize>,
    ) -> Self {
        Self {
            bus,
            spec,
            stop,
            full,
            messages: None,
        }
    }

    /// The next message; `None` once stopped.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        let stop = self.stop;
        tokio::select! { message = self.read() => Some(message), () = stop.cancelled() => None }
    }

    /// Tells the server that what has come and was not read is still wanted.
    async fn keep(&mut self) {
        if let Some(messages) = &mut self.messages {
            messages.keep(self.bus).await;
        }
    }

    async fn read(&mut self) -> Message {
        loop {
            let messages = match &mut self.messages {
                Some(messages) => messages,
                closed => match open(self.bus, self.spec).await {
                    Ok(messages) => closed.insert(messages),
                    Err(fault) => {
                        tracing::warn!(consumer = self.spec.durable, "cannot read yet: {}", fault.chain());
                        tokio::time::sleep(REOPEN_PAUSE).await;
                        continue;
                    }
                },
            };
            match messages.next(&mut self.full).await {
                Ok(message) => {
                    if message.info().is_ok_and(|info| info.delivered > 1) {
                        metrics::redelivered(self.spec.durable);
                    }
                    return message;
                }
                Err(fault) => {
                    tracing::warn!(
                        consumer = self.spec.durable,
                        "reading stopped, opening again: {}",
                        fault.chain()
                    );
                    self.messages = None;
                    tokio::time::sleep(REOPEN_PAUSE).await;
                }
            }
        }
    }
}

async fn open(bus: &Bus, spec: &ConsumerSpec) -> Result<Pulls> {
    bus.ensure_stream(spec.stream).await?;
    // Where its messages go that cannot be handled.
    bus.ensure_stream(&DEAD).await?;
    if let Some(generation) = spec.generation {
        displace(bus, spec, generation).await?;
    }
    let config = pull::Config {
        durable_name: Some(spec.name()),
        filter_subjects: spec.filters.clone(),
        ack_policy: AckPolicy::Explicit,
        ack_wait: spec.ack_wait,
        max_deliver: BACKSTOP_DELIVERIES,
        max_ack_pending: i64::try_from(spec.batch * spec.workers.max(4) * 2 + spec.parked * spec.workers)
            .unwrap_or(i64::MAX),
        ..Default::default()
    };
    let consumer = bus
        .jetstream()
        .create_consumer_on_stream(config, spec.stream.name)
        .await
        .map_err(|error| Fault::unavailable("JetStream", error))?;
    Pulls::open(bus, consumer, spec.batch).await
}

/// Removes the consumers of earlier generations (none: of a version that knew no turns).
async fn displace(bus: &Bus, spec: &ConsumerSpec, own: u64) -> Result<()> {
    let away = |error: Box<dyn std::error::Error + Send + Sync>| Fault::unavailable("JetStream", error);
    let stream = bus.jetstream().get_stream_no_info(spec.stream.name).await;
    let stream = stream.map_err(|error| away(error.into()))?;
    let mut names = stream.consumer_names();
    while let Some(name) = names.next().await {
        let name = name.map_err(|error| away(error.into()))?;
        let tail = name.strip_prefix(spec.durable);
        let generation = match tail {
            Some("") => Some(0),
            Some(tail) => tail.strip_prefix('-').and_then(|tail| tail.parse().ok()),
            None => None,
        };
        if generation.is_some_and(|generation: u64| generation < own) {
            match stream.delete_consumer(&name).await {
                Ok(_) => tracing::info!(consumer = name, "removed, another replica reads on"),
                Err(error) => return Err(away(error.into())),
            }
        }
    }
    Ok(())
}

async fn handle_one<H: Handler>(
    bus: &Bus,
    spec: &ConsumerSpec,
    handler: Arc<H>,
    message: &Message,
    stop: &CancellationToken,
) {
    for tries in 0.. {
        let result = match received(message) {
            Ok(received) => {
                let span = span_of(spec.durable, &received);
                let (handler, began) = (handler.clone(), Instant::now());
                // A task of its own: a panic becomes a fault instead of ending the consumer.
                let result = tokio::spawn(async move { handler.handle(received).await }.instrument(span))
                    .await
                    .unwrap_or_else(|panic| Err(Fault::internal(panic)));
                metrics::handled(spec.durable, began.elapsed());
                result
            }
            Err(fault) => Err(fault),
        };
        match settle(bus, spec, message, result, tries == 0).await {
            Next::Settled => return,
            Next::Again(first) => {
                let pause = backoff(first, tries);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = stop.cancelled() => {
                        let _ = message.ack_with(AckKind::Nak(None)).await;
                        return;
                    }
                }
            }
        }
    }
}

/// A span for handling one message, child of the span that published it.
pub(crate) fn span_of(consumer: &'static str, message: &Received) -> tracing::Span {
    let span = tracing::info_span!(
        "process",
        otel.name = format!("process {consumer}"),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.destination.name = %message.raw_subject,
        messaging.message.id = %message.id,
        homing.workspace = %message.workspace(),
    );
    if let Some(parent) = message.header(headers::TRACEPARENT) {
        rpc::set_parent(&span, parent);
    }
    span
}
