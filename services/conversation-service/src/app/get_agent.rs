use super::App;
use crate::domain::agent::Agent;
use crate::outbound::postgres::agent;
use domain::{AgentId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// An agent with their teams.
    pub async fn get_agent(&self, workspace: &WorkspaceId, id: &AgentId) -> Result<Agent> {
        let mut tx = self.store.begin(workspace).await?;
        let found = agent::get_agent(&mut tx, workspace, id).await?;
        found.ok_or_else(|| Fault::not_found("agent"))
    }
}
