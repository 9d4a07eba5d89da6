use crate::{OrFault, Store, outbox};
use bus::{Bus, Proof};
use events::{FACTS, Outgoing};
use fault::{Fault, Result};
use outbox::{Entry, Mark};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Rows published at a time.
const BATCH: i64 = 200;
/// The relay is woken in the process after each commit; the poll finds what other processes, or a crash, left.
const POLL: Duration = Duration::from_millis(250);
/// How often the stream is asked whether it still has what it acknowledged.
const VERIFY: Duration = Duration::from_secs(10);
const PRUNE: Duration = Duration::from_secs(60);

/// Publishes committed facts, each at least once, oldest first. Several may run; they do not get in each other's way.
pub struct Relay {
    store: Store,
    bus: Bus,
    stream_created: Option<String>,
    poll: Duration,
}

impl Relay {
    pub fn new(store: Store, bus: Bus) -> Self {
        Self {
            store,
            bus,
            stream_created: None,
            poll: POLL,
        }
    }

    /// The same relay with another pace of its poll; for tests.
    #[must_use]
    pub fn polling(self, poll: Duration) -> Self {
        Self { poll, ..self }
    }

    /// Runs until `stop`, then publishes what is left (as far as NATS lets it).
    pub async fn run(mut self, stop: CancellationToken) {
        let (mut verify_at, mut prune_at) = (Instant::now(), Instant::now() + PRUNE);
        loop {
            let store = self.store.clone();
            let committed = store.committed.notified();
            if Instant::now() >= verify_at {
                let verified = self.verify().await;
                self.note("verify the stream", verified);
                let measured = self.measure().await;
                self.note("measure the outbox", measured);
                verify_at = Instant::now() + VERIFY;
            }
            if Instant::now() >= prune_at {
                let pruned = self.prune().await;
                let more = matches!(pruned, Ok(true));
                self.note("prune the outbox", pruned);
                prune_at = Instant::now() + if more { Duration::ZERO } else { PRUNE };
            }
            match self.publish_some().await {
                Ok(count) if count == BATCH => continue,
                Ok(_) => {}
                result => {
                    self.note("publish", result);
                    // Whatever failed, ask the stream before trusting it again.
                    self.stream_created = None;
                    verify_at = Instant::now();
                }
            }
            tokio::select! {
                () = committed => {}
                () = tokio::time::sleep(self.poll) => {}
                () = stop.cancelled() => break,
            }
        }
        let last = self.publish_some().await;
        self.note("publish before stopping", last);
    }

    fn note<T>(&self, what: &str, result: Result<T>) {
        if let Err(fault) = result {
            tracing::warn!(
                service = self.store.service(),
                "relay could not {what}: {}",
                fault.chain()
            );
        }
    }

    /// The lock on the rows is held while they are published: whoever else looks passes them over. Marks that a crash
    /// forgot let rows be published twice, which consumers do not mind; so nobody waits for the disk.
    async fn publish_some(&mut self) -> Result<i64> {
        let created = self.stream_created().await?;
        let began = Instant::now();
        let mut tx = self.store.begin_as_forgetful_worker().await?;
        let batch = outbox::take(&mut tx, BATCH).await.or_fault("take outbox")?;
        if batch.is_empty() {
            return Ok(0);
        }
        let facts: Vec<&Outgoing> = batch.iter().flat_map(|entry| &entry.facts).collect();
        let mut acks = self.bus.publish(&facts).await.into_iter();
        let mut failed = None;
        let mut published = Vec::with_capacity(batch.len());
        for entry in &batch {
            match highest(entry, &mut acks) {
                Ok(mark) => published.push(mark),
                Err(fault) => failed = Some(fault),
            }
        }
        let now = self.store.clock().now();
        outbox::mark(&mut tx, &published, &created, now)
            .await
            .or_fault("mark outbox")?;
        tx.commit().await?;
        let told = published.iter().map(|mark| mark.entry.facts.len() as u64).sum();
        metrics::relayed(told, began.elapsed());
        match failed {
            None => Ok(i64::try_from(batch.len()).unwrap_or(BATCH)),
            Some(fault) => Err(fault),
        }
    }

    async fn stream_created(&mut self) -> Result<String> {
        if let Some(created) = &self.stream_created {
            return Ok(created.clone());
        }
        self.bus.ensure_stream(&FACTS).await?;
        let created = self.bus.stream_created(&FACTS).await?;
        self.stream_created = Some(created.clone());
        Ok(created)
    }

    /// Asks whether the newest acknowledged sequence still bears its event id. If the tail is lost, everything after
    /// the last one that does is published again; if the stream is another one, everything is. Consumers are
    /// idempotent, so too much is harmless.
    async fn verify(&mut self) -> Result<()> {
        self.bus.ensure_stream(&FACTS).await?;
        let created = self.bus.stream_created(&FACTS).await?;
        self.stream_created = Some(created.clone());
        let mut tx = self.store.begin_as_worker().await?;
        let other = outbox::of_another_stream(&mut tx, &created)
            .await
            .or_fault("compare streams")?;
        let (mut skip, mut step, mut lost) = (0, 1, false);
        let safe = loop {
            let row = outbox::published(&mut tx, &created, skip)
                .await
                .or_fault("read outbox")?;
            let Some((sequence, id)) = row else { break 0 };
            if self.bus.proof(&FACTS, sequence).await? == Proof::Holds(id.to_string()) {
                break sequence;
            }
            lost = true;
            skip += step;
            step *= 2;
        };
        if lost || other {
            let count = outbox::republish(&mut tx, &created, safe)
                .await
                .or_fault("republish outbox")?;
            tx.commit().await?;
            tracing::warn!(
                service = self.store.service(),
                count,
                "the stream lost facts; publishing them again"
            );
        }
        Ok(())
    }

    async fn measure(&self) -> Result<()> {
        let mut tx = self.store.begin_as_worker().await?;
        let (depth, oldest) = outbox::waiting(&mut tx).await.or_fault("measure the outbox")?;
        let age = oldest.map(|oldest| self.store.clock().now().duration_since(oldest));
        let age = age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
        metrics::outbox(depth, age);
        Ok(())
    }

    /// True while more is left: a batch at a time, so that publishing goes on in between.
    async fn prune(&self) -> Result<bool> {
        let now = self.store.clock().now();
        let mut tx = self.store.begin_as_forgetful_worker().await?;
        let rows = outbox::prune(&mut tx, now).await.or_fault("prune outbox")?;
        let seen = outbox::prune_inbox(&mut tx, now).await.or_fault("prune inbox")?;
        tx.commit().await?;
        Ok(rows.max(seen) == outbox::PRUNE)
    }
}

/// What a row is marked with; a row with one unacknowledged fact is published again as a whole. Takes one acknowledgement per
/// fact.
fn highest<'a>(entry: &'a Entry, acks: &mut impl Iterator<Item = Result<u64>>) -> Result<Mark<'a>> {
    let acks: Vec<Result<u64>> = acks.take(entry.facts.len()).collect();
    let mut highest = None;
    for (fact, ack) in entry.facts.iter().zip(acks) {
        highest = highest.max(Some((ack?, fact.id)));
    }
    let (sequence, id) = highest.ok_or_else(|| Fault::internal("a row of the outbox without facts"))?;
    Ok(Mark { entry, sequence, id })
}
