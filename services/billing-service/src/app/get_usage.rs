use super::Billing;
use crate::domain::{By, Period, UsageRow};
use crate::outbound::postgres::{account, usage};
use domain::WorkspaceId;
use fault::Result;

impl Billing {
    /// What was charged, summed by day or month of the workspace's time zone, kind and country.
    pub async fn get_usage(&self, workspace: &WorkspaceId, period: Period, by: By) -> Result<Vec<UsageRow>> {
        let mut tx = self.store.begin(workspace).await?;
        let time_zone = account::time_zone(&mut tx, workspace).await?;
        usage::sum(&mut tx, workspace, period, by, &time_zone).await
    }
}
