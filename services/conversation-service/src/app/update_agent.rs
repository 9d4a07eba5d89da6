use super::App;
use super::create_agent::join_teams;
use crate::domain::agent::{Agent, AgentChange};
use crate::outbound::postgres::agent;
use domain::{AgentId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Changes an agent; what they are then. Teams are replaced as a whole.
    pub async fn update_agent(&self, workspace: &WorkspaceId, id: &AgentId, change: AgentChange) -> Result<Agent> {
        let mut tx = self.store.begin(workspace).await?;
        agent::lock_agent(&mut tx, workspace, id).await?;
        let present = agent::get_agent(&mut tx, workspace, id).await?;
        let present = present.ok_or_else(|| Fault::not_found("agent"))?;
        let next = present.clone().change(change)?;
        if next == present {
            return Ok(present);
        }
        agent::update_agent(&mut tx, workspace, &next).await?;
        if next.teams_version != present.teams_version {
            agent::delete_members(&mut tx, workspace, id).await?;
            join_teams(&mut tx, workspace, &next).await?;
            self.tell_teams(&mut tx, workspace, &next);
        }
        tx.commit().await?;
        Ok(next)
    }
}
