use super::start_conversation::known_agent;
use super::{App, not_erased, retry};
use crate::domain::star::{Star, Wish};
use crate::outbound::postgres::{conversation, star};
use domain::{AgentId, ConversationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Stars a conversation for an agent, or changes their star; the same again changes nothing.
    pub async fn set_star(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        agent: &AgentId,
        wish: &Wish,
    ) -> Result<Star> {
        retry(|| self.star(workspace, id, agent, wish)).await
    }

    async fn star(&self, workspace: &WorkspaceId, id: ConversationId, agent: &AgentId, wish: &Wish) -> Result<Star> {
        let mut tx = self.store.begin(workspace).await?;
        // Whoever erases the conversation holds this lock: nothing is added to what is erased.
        let locked = conversation::lock(&mut tx, workspace, id).await?;
        let conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        not_erased(&conversation)?;
        known_agent(&mut tx, workspace, Some(agent)).await?;
        let found = star::lock(&mut tx, workspace, id, agent).await?;
        let fresh = || Star::none(self.store.entropy().id(), id, conversation.number, agent.clone());
        let mut star = found.unwrap_or_else(fresh);
        if star.set(wish.clone(), self.now())? {
            star::put(&mut tx, workspace, &star).await?;
            tx.commit().await?;
            if let Some(at) = star.due() {
                self.store.due_at(at);
            }
        }
        Ok(star)
    }
}
