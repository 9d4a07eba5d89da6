use super::Billing;
use super::purse::Locked;
use crate::outbound::postgres::{account, plan};
use domain::WorkspaceId;
use fault::Result;

impl Billing {
    /// Closes an account: nothing more is held or paid in; what is held is still settled, and the balance stays. Once
    /// closed, it is closed.
    pub async fn close_account(&self, workspace: &WorkspaceId) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        account::ensure(&mut tx, workspace, now).await?;
        account::close(&mut tx, workspace, Some(now)).await?;
        plan::arm(&mut tx, workspace, None).await?;
        tx.commit().await
    }

    /// Opens a closed account again, with the balance and the plan that it had. No effect on any other.
    pub async fn reopen_account(&self, workspace: &WorkspaceId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        account::close(&mut tx, workspace, None).await?;
        if let Some(locked) = Locked::take(&mut tx, workspace).await? {
            let told = plan::read(&mut tx, workspace).await?;
            self.pay_in(&mut tx, workspace, locked, told).await?;
        }
        tx.commit().await
    }
}
