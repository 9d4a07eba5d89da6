use super::App;
use crate::outbound::postgres::{agent, staffing};
use ::domain::{AgentId, TeamId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Refuses an agent who does not exist. Who is known here does; of others conversation-service is asked.
    pub(super) async fn check_agent(&self, workspace: &WorkspaceId, field: &'static str, id: &AgentId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let is_known = agent::get(&mut tx, workspace, id).await?.is_some();
        drop(tx);
        if !is_known {
            self.conversations.teams_of(workspace, field, id).await?;
        }
        Ok(())
    }

    /// Refuses a team that does not exist. One that an agent was ever of does; of others conversation-service is asked.
    pub(super) async fn check_team(&self, workspace: &WorkspaceId, field: &'static str, id: &TeamId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let is_known = staffing::is_followed(&mut tx, workspace, id).await?;
        drop(tx);
        if is_known || self.conversations.has_team(workspace, id).await? {
            return Ok(());
        }
        Err(Fault::invalid(
            field,
            format!("names {id}, which does not exist; create it first"),
        ))
    }
}
