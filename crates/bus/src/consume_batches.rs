use crate::consume::Reader;
use crate::parked::{Item, Parked};
use crate::received::received;
use crate::settle::{Next, acknowledge_unheard, backoff, give_back, progress, settle};
use crate::{Bus, ConsumerSpec};
use events::Received;
use fault::{Fault, Result};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Handles messages in batches. Must be idempotent.
pub trait BatchHandler: Send + Sync + 'static {
    /// One result per message, in order. A message whose result is to try again (what it needs is away) is set aside, and
    /// so is what follows it in its partition; the others go on. So nothing may be accepted that follows such a message
    /// within the batch.
    fn handle(&self, batch: Vec<Received>) -> impl Future<Output = Vec<Result<()>>> + Send;

    /// Messages of equal partition are handled by one writer, in the order of the stream.
    fn partition(&self, message: &Received) -> u64;
}

/// Runs a batch handler over a consumer until `stop`. One fetcher feeds `spec.workers` writers; a writer's next batch
/// is whatever has arrived while it wrote the last one, so batches size themselves to the load.
pub async fn consume_batches<H: BatchHandler>(bus: Bus, spec: ConsumerSpec, handler: Arc<H>, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let spec = Arc::new(spec);
    let mut writers = Vec::with_capacity(spec.workers);
    let (full, none_full) = watch::channel(0);
    let full = Arc::new(full);
    for _ in 0..spec.workers {
        let (sender, receiver) = mpsc::channel(spec.batch * 2);
        writers.push(sender);
        let writer = Writer {
            bus: bus.clone(),
            spec: spec.clone(),
            handler: handler.clone(),
            parked: Parked::new(spec.parked),
            told: 0,
            full: full.clone(),
            is_full: false,
        };
        tasks.spawn(writer.run(receiver, stop.clone()));
    }
    let mut reader = Reader::new(&bus, &spec, &stop, none_full);
    while let Some(message) = reader.next().await {
        match received(&message) {
            Ok(received) => {
                let partition = handler.partition(&received);
                let writer =
                    usize::try_from(partition % writers.len() as u64).expect("less than the number of writers");
                let item = Item {
                    partition,
                    message,
                    received,
                };
                if writers[writer].send(item).await.is_err() {
                    tracing::error!(
                        consumer = spec.durable,
                        "a writer is gone; its messages will be delivered again"
                    );
                }
            }
            Err(fault) => {
                settle(&bus, &spec, &message, Err(fault), true).await;
            }
        }
    }
    drop(writers);
    tasks.close();
    tasks.wait().await;
}

struct Writer<H> {
    bus: Bus,
    spec: Arc<ConsumerSpec>,
    handler: Arc<H>,
    parked: Parked,
    /// So many were set aside when it was last told.
    told: i64,
    /// How many writers can set nothing more aside.
    full: Arc<watch::Sender<usize>>,
    is_full: bool,
}

impl<H: BatchHandler> Writer<H> {
    /// Until nothing comes any more; what then still waits is given back.
    async fn run(mut self, mut receiver: mpsc::Receiver<Item>, stop: CancellationToken) {
        let mut arrived = Vec::with_capacity(self.spec.batch);
        // Long before the server would deliver again what is set aside.
        let sign_of_life = self.spec.ack_wait / 4;
        let mut signed = Instant::now();
        loop {
            let waiting = !self.parked.is_empty();
            tokio::select! {
                // Full or not: what has come is kept, and shown to be alive.
                count = receiver.recv_many(&mut arrived, self.spec.batch) => {
                    if count == 0 {
                        break;
                    }
                    self.write(&mut arrived).await;
                }
                () = tokio::time::sleep_until(self.parked.due), if waiting => self.try_again().await,
                () = tokio::time::sleep_until(signed + sign_of_life), if waiting => {
                    for message in self.parked.all() {
                        progress(&self.bus, message).await;
                    }
                    signed = Instant::now();
                }
                () = stop.cancelled(), if waiting => break,
            }
            if !waiting {
                signed = Instant::now();
            }
            self.tell();
        }
        for message in self.parked.all() {
            give_back(&self.bus, message).await;
        }
        while let Ok(item) = receiver.try_recv() {
            give_back(&self.bus, &item.message).await;
        }
        self.parked = Parked::new(0);
        self.tell();
    }

    /// How many are set aside now, and whether more can be.
    fn tell(&mut self) {
        let is_full = !self.parked.has_room();
        if is_full != self.is_full {
            self.is_full = is_full;
            self.full
                .send_modify(|full| if is_full { *full += 1 } else { *full -= 1 });
        }
        let now = i64::try_from(self.parked.len()).unwrap_or(i64::MAX);
        metrics::parked(self.spec.durable, now - self.told);
        self.told = now;
    }

    /// What came from the stream. Whoever has to wait stands at the end of its line.
    async fn write(&mut self, arrived: &mut Vec<Item>) {
        let mut fresh = Vec::with_capacity(arrived.len());
        for item in arrived.drain(..) {
            match self.parked.holds_up(item.partition) {
                true => self.parked.push(item),
                false => fresh.push(item),
            }
        }
        let first = self.parked.is_empty();
        let (left, pause) = self.handle(fresh, first).await;
        if first && !left.is_empty() {
            self.parked.due = Instant::now() + pause;
        }
        left.into_iter().for_each(|item| self.parked.push(item));
    }

    /// What was set aside.
    async fn try_again(&mut self) {
        let items = self.parked.take(self.spec.batch);
        let tried: Vec<_> = items
            .iter()
            .map(|item| (item.partition, item.message.payload.len()))
            .collect();
        let (left, first) = self.handle(items, false).await;
        self.parked.done(&tried, left, |rounds| backoff(first, rounds));
    }

    /// Handles and settles; answers with what has to wait, in its order, and how long at first.
    async fn handle(&self, items: Vec<Item>, mut first: bool) -> (Vec<Item>, Duration) {
        let mut pause = Duration::ZERO;
        if items.is_empty() {
            return (items, pause);
        }
        let batch: Vec<Received> = items.iter().map(|item| item.received.clone()).collect();
        let count = batch.len();
        let (handler, began) = (self.handler.clone(), Instant::now());
        // A task of its own: a panic becomes a fault instead of ending the consumer.
        let results = tokio::spawn(async move { handler.handle(batch).await })
            .await
            .unwrap_or_else(|panic| {
                let text = panic.to_string();
                (0..count).map(|_| Err(Fault::internal(text.clone()))).collect()
            });
        metrics::handled(self.spec.durable, began.elapsed());
        // One request to the server for the whole batch: its last success.
        let asked = results.iter().rposition(Result::is_ok);
        let mut left = Vec::new();
        for (index, (item, result)) in items.into_iter().zip(results).enumerate() {
            if result.is_ok() && Some(index) != asked {
                acknowledge_unheard(&self.bus, &self.spec, &item.message).await;
                continue;
            }
            // One line in the log for a whole outage.
            let tell = first && result.is_err();
            first &= result.is_ok();
            if let Next::Again(wanted) = settle(&self.bus, &self.spec, &item.message, result, tell).await {
                pause = pause.max(wanted);
                left.push(item);
            }
        }
        (left, pause)
    }
}
