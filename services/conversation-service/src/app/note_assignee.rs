use super::App;
use crate::domain::assignee::Told;
use crate::outbound::postgres::assignee;
use domain::WorkspaceId;
use fault::Result;

impl App {
    /// routing-service told who has a conversation; what is newer counts, in whatever order it comes.
    pub async fn note_assignee(&self, workspace: &WorkspaceId, told: &Told) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        assignee::set(&mut tx, workspace, told).await?;
        tx.commit().await
    }
}
