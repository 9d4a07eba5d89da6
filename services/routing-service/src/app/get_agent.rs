use super::App;
use crate::domain::Agent;
use crate::outbound::postgres::agent;
use ::domain::{AgentId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// An agent who has told their availability.
    pub(crate) async fn get_agent(&self, workspace: &WorkspaceId, id: &AgentId) -> Result<Agent> {
        let mut tx = self.store.begin(workspace).await?;
        let found = agent::get(&mut tx, workspace, id).await?;
        found.ok_or_else(|| Fault::not_found("agent"))
    }
}
