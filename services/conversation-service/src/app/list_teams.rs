use super::App;
use crate::outbound::postgres::agent::{self, Team};
use crate::outbound::postgres::workspace;
use domain::WorkspaceId;
use fault::{Fault, Result};

impl App {
    /// All teams with their agents, in order of id.
    pub async fn list_teams(&self, workspace: &WorkspaceId) -> Result<Vec<Team>> {
        let mut tx = self.store.begin(workspace).await?;
        workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        agent::list_teams(&mut tx, workspace).await
    }
}
