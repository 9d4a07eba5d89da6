use super::App;
use crate::domain::workflow::Workflow;
use crate::outbound::postgres::workflow;
use domain::WorkspaceId;
use fault::Result;

impl App {
    /// All workflows, by key.
    pub async fn list_workflows(&self, workspace: &WorkspaceId) -> Result<Vec<Workflow>> {
        let mut tx = self.store.begin(workspace).await?;
        workflow::list(&mut tx, workspace).await
    }
}
