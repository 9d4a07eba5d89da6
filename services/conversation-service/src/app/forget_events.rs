use super::App;
use crate::outbound::postgres::ingest;
use fault::Result;
use jiff::SignedDuration;

/// Longer than the ingest stream (7 days) and dead letters (14 days) can bring an event back.
const KEEP: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often old ones are looked for.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

impl App {
    /// Forgets, once an hour, which events were accepted more than 30 days ago. Ends only by being dropped.
    pub async fn forget_events(&self) {
        loop {
            if let Err(fault) = self.forget_old().await {
                tracing::warn!(code = fault.code().name, "old events stay for now: {}", fault.chain());
            }
            let clock = self.store.clock();
            clock.sleep_until(clock.now() + EVERY).await;
        }
    }

    async fn forget_old(&self) -> Result<()> {
        let before = self.now() - KEEP;
        loop {
            let mut tx = self.store.begin_as_worker().await?;
            let forgotten = ingest::prune(&mut tx, before).await?;
            tx.commit().await?;
            if forgotten == 0 {
                return Ok(());
            }
        }
    }
}
