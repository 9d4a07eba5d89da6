use super::Billing;
use super::purse::Locked;
use crate::domain::Refill;
use crate::outbound::postgres::account;
use domain::{Pu, WorkspaceId};
use fault::{Fault, Result};

impl Billing {
    /// Sets from which balance on it is told that little is left, and that a top-up is asked for. A balance that is
    /// below is told at once.
    pub async fn set_thresholds(
        &self,
        workspace: &WorkspaceId,
        low_below: Option<Pu>,
        refill: Option<Refill>,
    ) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        account::ensure(&mut tx, workspace, now).await?;
        self.arm_audit(&mut tx, workspace).await?;
        let locked = Locked::take(&mut tx, workspace).await?;
        let mut locked = locked.ok_or_else(|| Fault::internal("an account that was opened is gone"))?;
        locked.funds.watch = locked.funds.watch.set(low_below, refill);
        locked.save(self, &mut tx, workspace, now).await?;
        tx.commit().await
    }
}
