use super::Billing;
use crate::outbound::postgres::{account, audit};
use domain::WorkspaceId;
use fault::Result;
use jiff::tz::TimeZone;
use store::Tx;

impl Billing {
    /// Opens the account of a new workspace, or gives an open one its time zone. A zone that is not known here counts
    /// as UTC: usage is then summed by other days, and nothing is lost. `version` is that of the workspace.
    pub async fn open_account(&self, workspace: &WorkspaceId, time_zone: &str, version: u64) -> Result<()> {
        let known = TimeZone::get(time_zone).is_ok();
        if !known {
            tracing::warn!(homing.workspace = %workspace, "time zone is not known; usage is summed in UTC");
        }
        let mut tx = self.store.begin(workspace).await?;
        let time_zone = if known { time_zone } else { "UTC" };
        account::open(&mut tx, workspace, time_zone, version, self.now()).await?;
        self.arm_audit(&mut tx, workspace).await?;
        tx.commit().await
    }

    /// Arms the first comparison of a new account's books.
    pub(super) async fn arm_audit(&self, tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
        let first = self.after(self.audit_interval)?;
        audit::arm(tx, workspace, self.store.entropy().id(), first).await
    }
}
