use super::App;
use crate::domain::card::{Card, CardOutcome};
use crate::domain::conversation::Content;
use crate::outbound::postgres::{card, conversation, message};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

/// A widget shows no more of them again.
const NEWEST: i64 = 100;

impl App {
    /// The newest cards of a conversation of which something came, in order, with their sequences.
    pub async fn list_cards(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
    ) -> Result<Vec<(u64, Card, CardOutcome)>> {
        let mut tx = self.store.begin(workspace).await?;
        let found = conversation::get(&mut tx, workspace, id).await?;
        found.ok_or_else(|| Fault::not_found("conversation"))?;
        let mut changed = card::list_changed(&mut tx, workspace, id, NEWEST).await?;
        let sequences: Vec<u64> = changed.keys().copied().collect();
        let said = message::list_of(&mut tx, workspace, id, &sequences).await?;
        let cards = said.into_iter().filter_map(|message| {
            let outcome = changed.remove(&message.seq)?;
            match message.draft.content {
                Content::Card(card) => Some((message.seq, card, outcome)),
                _ => None,
            }
        });
        Ok(cards.collect())
    }
}
