use super::App;
use crate::outbound::postgres::agent_availability;
use domain::{AgentId, WorkspaceId};
use fault::Result;

impl App {
    /// routing-service told whether an agent can be given chats; the higher version counts.
    pub async fn note_agent(
        &self,
        workspace: &WorkspaceId,
        agent: &AgentId,
        is_available: bool,
        version: u64,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        agent_availability::set(&mut tx, workspace, agent, is_available, version).await?;
        tx.commit().await
    }
}
