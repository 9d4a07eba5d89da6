use super::App;
use crate::domain::star::Star;
use crate::outbound::postgres::star;
use domain::{AgentId, WorkspaceId};
use fault::Result;

/// Nobody looks through more; what is told earlier is among what the agent has starred.
const NEWEST: i64 = 100;

impl App {
    /// What an agent was reminded of and has neither moved nor taken away since, the latest first.
    pub async fn list_reminders(&self, workspace: &WorkspaceId, agent: &AgentId) -> Result<Vec<Star>> {
        let mut tx = self.store.begin(workspace).await?;
        star::list_told(&mut tx, workspace, agent, NEWEST).await
    }
}
