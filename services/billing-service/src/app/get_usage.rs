use super::Billing;
use crate::domain::{By, Filter, Period, Usage};
use crate::outbound::postgres::{account, usage};
use domain::WorkspaceId;
use fault::Result;

impl Billing {
    /// What was charged in a period, summed by day or month of the workspace's time zone, kind and country.
    pub async fn get_usage(&self, workspace: &WorkspaceId, period: Period, by: By, filter: Filter) -> Result<Usage> {
        let mut tx = self.store.begin(workspace).await?;
        let time_zone = account::time_zone(&mut tx, workspace).await?;
        let rows = usage::sum(&mut tx, workspace, period, by, filter, &time_zone).await?;
        Ok(Usage { time_zone, rows })
    }
}
