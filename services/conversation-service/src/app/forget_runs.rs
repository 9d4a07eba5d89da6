use super::App;
use crate::outbound::postgres::run;
use domain::Timestamp;
use fault::Result;
use jiff::SignedDuration;

/// How often old ones are looked for.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

impl App {
    /// Deletes, once an hour, runs of workflows that ended so long ago. Ends only by being dropped.
    pub async fn forget_runs(&self, keep: SignedDuration) {
        loop {
            if let Err(fault) = self.forget_ended(keep).await {
                tracing::warn!(code = fault.code().name, "old runs stay for now: {}", fault.chain());
            }
            let clock = self.store.clock();
            clock.sleep_until(clock.now() + EVERY).await;
        }
    }

    async fn forget_ended(&self, keep: SignedDuration) -> Result<()> {
        let before = self.now().checked_sub(keep).unwrap_or(Timestamp::MIN);
        loop {
            let mut tx = self.store.begin_as_worker().await?;
            let forgotten = run::prune(&mut tx, before).await?;
            tx.commit().await?;
            if forgotten == 0 {
                return Ok(());
            }
        }
    }
}
