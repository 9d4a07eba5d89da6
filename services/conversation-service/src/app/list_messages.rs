use super::App;
use crate::domain::card::CardOutcome;
use crate::domain::conversation::{Content, Conversation, Message};
use crate::domain::delivery::Delivery;
use crate::domain::form::{Form, FormState};
use crate::outbound::postgres::{card, conversation, form, message, message_delivery};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};
use std::collections::HashMap;

/// Messages, and where their conversation stands.
#[derive(Debug, Clone)]
pub struct Page {
    pub messages: Vec<Message>,
    /// What is known of their delivery, by sequence.
    pub deliveries: HashMap<u64, Delivery>,
    /// What came of cards, by sequence.
    pub cards: HashMap<u64, CardOutcome>,
    pub conversation: Conversation,
    /// The form that is open.
    pub form: Option<Form>,
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
        let has_cards = messages.iter().any(|one| matches!(one.draft.content, Content::Card(_)));
        let cards = match has_cards {
            true => card::list(&mut tx, workspace, id, after, up_to).await?,
            false => HashMap::new(),
        };
        let form = form::get_open(&mut tx, workspace, id).await?;
        Ok(Page {
            form: form.filter(|form| form.state == FormState::Open),
            messages,
            deliveries,
            cards,
            conversation,
        })
    }
}
