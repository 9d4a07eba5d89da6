use super::App;
use crate::domain::conversation::{Conversation, Message};
use crate::outbound::postgres::{conversation, message};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

/// Messages, and where their conversation stands.
#[derive(Debug, Clone)]
pub struct Page {
    pub messages: Vec<Message>,
    pub conversation: Conversation,
}

impl App {
    /// At most `limit` messages after a sequence, in order.
    pub async fn list_messages(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        after: u64,
        limit: i64,
    ) -> Result<Page> {
        let mut tx = self.store.begin(workspace).await?;
        let conversation = conversation::get(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        let messages = message::list(&mut tx, workspace, id, after, limit).await?;
        Ok(Page { messages, conversation })
    }
}
