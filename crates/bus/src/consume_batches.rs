use crate::consume::Reader;
use crate::received::received;
use crate::settle::{Next, settle};
use crate::{Bus, ConsumerSpec};
use async_nats::jetstream::Message;
use events::Received;
use fault::{Fault, Result};
use futures::future::join_all;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Handles messages in batches. Must be idempotent.
pub trait BatchHandler: Send + Sync + 'static {
    /// One result per message, in order.
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
    for _ in 0..spec.workers {
        let (sender, receiver) = mpsc::channel(spec.batch * 2);
        writers.push(sender);
        tasks.spawn(write(
            bus.clone(),
            spec.clone(),
            handler.clone(),
            receiver,
            stop.clone(),
        ));
    }
    let mut reader = Reader::new(&bus, &spec, &stop);
    while let Some(message) = reader.next().await {
        match received(&message) {
            Ok(received) => {
                let writer = handler.partition(&received) % writers.len() as u64;
                let writer = usize::try_from(writer).expect("less than the number of writers");
                if writers[writer].send((message, received)).await.is_err() {
                    tracing::error!(
                        consumer = spec.durable,
                        "a writer is gone; its messages will be delivered again"
                    );
                }
            }
            Err(fault) => {
                settle(&bus, &spec, &message, Err(fault), 0).await;
            }
        }
    }
    drop(writers);
    tasks.close();
    tasks.wait().await;
}

async fn write<H: BatchHandler>(
    bus: Bus,
    spec: Arc<ConsumerSpec>,
    handler: Arc<H>,
    mut receiver: mpsc::Receiver<(Message, Received)>,
    stop: CancellationToken,
) {
    let mut arrived = Vec::with_capacity(spec.batch);
    while receiver.recv_many(&mut arrived, spec.batch).await > 0 {
        let mut open: Vec<(Message, Received)> = std::mem::take(&mut arrived);
        for tries in 0.. {
            let batch: Vec<Received> = open.iter().map(|(_, received)| received.clone()).collect();
            let count = batch.len();
            let task = handler.clone();
            let results = tokio::spawn(async move { task.handle(batch).await })
                .await
                .unwrap_or_else(|panic| {
                    let text = panic.to_string();
                    (0..count).map(|_| Err(Fault::internal(text.clone()))).collect()
                });
            let settled = open.into_iter().zip(results).map(|((message, received), result)| {
                let (bus, spec) = (&bus, &spec);
                async move {
                    let next = settle(bus, spec, &message, result, tries).await;
                    (message, received, next)
                }
            });
            let mut pause = Duration::ZERO;
            open = Vec::new();
            for (message, received, next) in join_all(settled).await {
                if let Next::Again(wanted) = next {
                    pause = pause.max(wanted);
                    open.push((message, received));
                }
            }
            if open.is_empty() {
                break;
            }
            // Order within a partition holds: nothing newer is written while these wait.
            tokio::select! { () = tokio::time::sleep(pause) => {}, () = stop.cancelled() => return }
        }
    }
}
