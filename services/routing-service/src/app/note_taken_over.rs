use super::App;
use crate::outbound::postgres::{agent, request};
use ::domain::{AgentId, ConversationId, WorkspaceId};
use fault::{Kind, Result};

/// Under which facts are remembered.
pub(super) const CONSUMER: &str = "routing";

impl App {
    /// conversation-service told that an agent answered: the conversation is theirs, unless somebody has it. Of agents who
    /// never told their availability only conversations in the queue count: they take no part in it otherwise.
    pub(crate) async fn note_taken_over(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        (by, event): (&AgentId, &str),
    ) -> Result<()> {
        if !self.takes_part(workspace, id, by).await? {
            return Ok(());
        }
        let new = match self.look_up(workspace, id).await {
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::FailedPrecondition) => return Ok(()),
            new => new?,
        };
        let mut tx = self.begin_queue(workspace).await?;
        // Told again it says nothing: the conversation may have been taken from the agent since.
        if !tx.first_time(workspace, CONSUMER, event).await? {
            return Ok(());
        }
        let Some(request) = self.known_or(&mut tx, workspace, id, new).await? else {
            return Ok(());
        };
        let now = self.now();
        if let Some(moved) = request.answer(by, now) {
            self.carry_out(&mut tx, workspace, moved, now).await?;
        }
        self.commit_queue(tx, workspace).await
    }

    async fn takes_part(&self, workspace: &WorkspaceId, id: ConversationId, by: &AgentId) -> Result<bool> {
        let mut tx = self.store.begin(workspace).await?;
        let known = agent::get(&mut tx, workspace, by).await?;
        Ok(known.is_some() || request::get_by_conversation(&mut tx, workspace, id).await?.is_some())
    }
}
