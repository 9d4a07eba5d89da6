use super::App;
use crate::domain::assignee::Assignee;
use crate::domain::conversation::Conversation;
use crate::outbound::postgres::{assignee, conversation};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

/// How a conversation is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Id(ConversationId),
    Number(u64),
}

impl App {
    /// Reads one conversation, and who has it.
    pub async fn get_conversation(&self, workspace: &WorkspaceId, by: By) -> Result<(Conversation, Option<Assignee>)> {
        let mut tx = self.store.begin(workspace).await?;
        let found = match by {
            By::Id(id) => conversation::get(&mut tx, workspace, id).await?,
            By::Number(number) => conversation::get_by_number(&mut tx, workspace, number).await?,
        };
        let found = found.ok_or_else(|| Fault::not_found("conversation"))?;
        let assignee = assignee::of(&mut tx, workspace, &[found.id]).await?.remove(&found.id);
        Ok((found, assignee))
    }
}
