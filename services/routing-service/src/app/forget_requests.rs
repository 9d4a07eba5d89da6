use super::App;
use crate::outbound::postgres::retention;
use ::domain::Timestamp;
use fault::Result;
use jiff::SignedDuration;

/// How often old ones are looked for.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Longer than the facts' stream (7 days) and dead letters (14 days) can bring back what is told of a conversation.
const RESOLVED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Longer than any rule looks back.
const INVITATIONS: SignedDuration = SignedDuration::from_hours(367 * 24);

impl App {
    /// Deletes, once an hour, requests that are done for so long, with their history, invitations that no rule
    /// looks back to, and which conversations were resolved long ago. Ends only by being dropped.
    pub(crate) async fn forget_requests(&self, keep: SignedDuration) {
        loop {
            if let Err(fault) = self.forget_old(keep).await {
                tracing::warn!(code = fault.code().name, "old requests stay for now: {}", fault.chain());
            }
            let clock = self.store.clock();
            clock.sleep_until(clock.now() + EVERY).await;
        }
    }

    async fn forget_old(&self, keep: SignedDuration) -> Result<()> {
        let before = |age: SignedDuration| self.now().checked_sub(age).unwrap_or(Timestamp::MIN);
        while self.forget_some(before(keep)).await? > 0 {}
        loop {
            let mut tx = self.store.begin_as_worker().await?;
            let forgotten = retention::prune_invitations(&mut tx, before(INVITATIONS)).await?;
            tx.commit().await?;
            if forgotten == 0 {
                break;
            }
        }
        let mut tx = self.store.begin_as_worker().await?;
        retention::prune_resolved(&mut tx, before(RESOLVED)).await?;
        tx.commit().await
    }

    /// A batch, in a transaction of its own: nobody waits for it long.
    async fn forget_some(&self, before: Timestamp) -> Result<u64> {
        let mut tx = self.store.begin_as_worker().await?;
        let forgotten = retention::prune_requests(&mut tx, before).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
