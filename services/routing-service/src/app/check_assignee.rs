use super::App;
use crate::outbound::postgres::{agent, staffing};
use ::domain::{AgentId, TeamId, WorkspaceId};
use fault::{Fault, Kind, Result, codes};

impl App {
    /// Refuses to show an agent who does not exist.
    pub(super) async fn find_agent(&self, workspace: &WorkspaceId, id: &AgentId) -> Result<()> {
        self.check_agent(workspace, "agent", id).await.map_err(as_missing)
    }

    /// The same of a team.
    pub(crate) async fn find_team(&self, workspace: &WorkspaceId, id: &TeamId) -> Result<()> {
        self.check_team(workspace, "team", id).await.map_err(as_missing)
    }

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

/// What is looked at is not there, other than what is given.
fn as_missing(fault: Fault) -> Fault {
    if fault.kind() != Kind::InvalidArgument {
        return fault;
    }
    let field = fault.field().unwrap_or_default().to_owned();
    Fault::new(&codes::NOT_FOUND, fault.public()).of(field)
}
