use super::App;
use crate::domain::conversation::{Conversation, Message};
use crate::domain::delivery::Delivery;
use crate::outbound::postgres::{conversation, message, message_delivery};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};
use std::collections::HashMap;

/// Messages, and where their conversation stands.
#[derive(Debug, Clone)]
pub struct Page {
    pub messages: Vec<Message>,
    /// What is known of their delivery, by sequence.
    pub deliveries: HashMap<u64, Delivery>,
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
        let up_to = messages.last().map_or(after, |last| last.seq);
        let deliveries = message_delivery::list(&mut tx, workspace, id, after, up_to).await?;
        Ok(Page {
            messages,
            deliveries,
            conversation,
        })
    }
}
