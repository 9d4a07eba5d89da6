use super::{App, retry};
use crate::outbound::postgres::{conversation, star};
use domain::{AgentId, ConversationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Takes an agent's star from a conversation; where there is none, nothing changes.
    pub async fn remove_star(&self, workspace: &WorkspaceId, id: ConversationId, agent: &AgentId) -> Result<()> {
        retry(|| self.unstar(workspace, id, agent)).await
    }

    async fn unstar(&self, workspace: &WorkspaceId, id: ConversationId, agent: &AgentId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        conversation::get(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        let Some(mut star) = star::lock(&mut tx, workspace, id, agent).await? else {
            return Ok(());
        };
        if star.remove() {
            star::put(&mut tx, workspace, &star).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
