use super::App;
use crate::domain::card::{Card, CardOutcome};
use crate::domain::conversation::{Content, Message};
use crate::outbound::postgres::{card, message};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;
use uuid::Uuid;

/// A card where it was said, with what came of it.
#[derive(Debug)]
pub struct Said {
    pub conversation: ConversationId,
    pub message: Message,
    pub card: Card,
    pub outcome: CardOutcome,
}

impl App {
    /// A card, and what came of it.
    pub async fn get_card(&self, workspace: &WorkspaceId, id: Uuid) -> Result<Said> {
        let mut tx = self.store.begin(workspace).await?;
        let found = find(&mut tx, workspace, id).await?;
        found.ok_or_else(|| Fault::not_found("card"))
    }
}

pub(super) async fn find(tx: &mut Tx, workspace: &WorkspaceId, id: Uuid) -> Result<Option<Said>> {
    let Some((conversation, seq, outcome)) = card::get(tx, workspace, id).await? else {
        return Ok(None);
    };
    let Some(message) = message::get(tx, workspace, conversation, seq).await? else {
        return Ok(None);
    };
    let Content::Card(card) = message.draft.content.clone() else {
        return Err(Fault::internal("the message of a card says something else"));
    };
    Ok(Some(Said {
        conversation,
        message,
        card,
        outcome,
    }))
}
