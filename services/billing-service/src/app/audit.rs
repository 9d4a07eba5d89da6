use super::Billing;
use crate::outbound::postgres::{audit, hold};
use domain::WorkspaceId;
use fault::Result;
use jiff::SignedDuration;

/// A provider settles what it knows within hours; what is open for longer needs a person.
const OLD_HOLD: SignedDuration = SignedDuration::from_hours(72);

impl Billing {
    /// Compares a workspace's balances with its journal and open holds, logs every difference and how many holds are
    /// old, and arms the next comparison.
    pub async fn audit(&self, workspace: &WorkspaceId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        for drift in audit::drift(&mut tx, workspace).await? {
            let (kept, counted) = (drift.kept, drift.counted);
            tracing::error!(homing.workspace = %workspace, kept, counted, "the books are wrong: {}", drift.what);
        }
        let old = hold::count_older(&mut tx, workspace, self.now() - OLD_HOLD).await?;
        if old > 0 {
            tracing::warn!(homing.workspace = %workspace, old, "holds are open for more than 72 hours");
        }
        audit::arm_again(&mut tx, workspace, self.after(self.audit_interval)?).await?;
        tx.commit().await
    }
}
