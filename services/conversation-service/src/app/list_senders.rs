use super::App;
use crate::outbound::postgres::text_sender::{self, Assigned};
use crate::outbound::postgres::workspace;
use domain::WorkspaceId;
use fault::{Fault, Result};

impl App {
    /// All senders of a workspace, in order.
    pub async fn list_senders(&self, workspace: &WorkspaceId) -> Result<Vec<Assigned>> {
        let mut tx = self.store.begin(workspace).await?;
        workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        text_sender::list(&mut tx, workspace).await
    }
}
