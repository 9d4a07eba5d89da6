use super::{Billing, Learned};
use crate::domain::Mark;
use crate::outbound::postgres::hold;
use domain::{DeliveryId, WorkspaceId};
use fault::Result;

impl Billing {
    /// Gives a hold back whose time is over. No effect where the delivery was attempted or settled meanwhile, or the
    /// hold was placed anew.
    pub async fn expire(&self, workspace: &WorkspaceId, delivery: DeliveryId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let due = hold::due_at(&mut tx, workspace, delivery).await?;
        drop(tx);
        if due.is_none_or(|due| due > self.now()) {
            return Ok(());
        }
        let time_out = Learned {
            workspace: workspace.clone(),
            delivery,
            mark: Mark::TimeOut,
            terms: None,
            taken: None,
            traceparent: None,
        };
        self.settle(&[time_out]).await
    }
}
