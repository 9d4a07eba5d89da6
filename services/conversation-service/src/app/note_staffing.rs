use super::App;
use crate::outbound::postgres::staffing;
use domain::{TeamId, WorkspaceId};
use fault::Result;

impl App {
    /// routing-service told whether a visitor finds somebody of a team (`None`: of the workspace); the higher version counts.
    pub async fn note_staffing(
        &self,
        workspace: &WorkspaceId,
        team: Option<&TeamId>,
        is_staffed: bool,
        version: u64,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        staffing::set(&mut tx, workspace, team, is_staffed, version).await?;
        tx.commit().await
    }
}
