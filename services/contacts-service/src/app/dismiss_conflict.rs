use super::Contacts;
use crate::domain::Reading;
use crate::outbound::postgres::conflict;
use domain::WorkspaceId;
use fault::{Fault, Result};
use uuid::Uuid;

impl Contacts {
    /// Notes that a person has settled a conflict: it is listed no more, and never raised again.
    pub async fn dismiss_conflict(&self, workspace: &WorkspaceId, id: Uuid, by: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        if !conflict::settle(&mut tx, workspace, id, (now, by)).await? {
            return Err(Fault::not_found("conflict"));
        }
        tx.commit().await
    }
}
