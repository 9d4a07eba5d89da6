use super::record::{record, record_card};
use super::send_automatic_message::is_newest;
use super::start_conversation::known_agent;
use super::{App, exists, retry};
use crate::domain::card::{Card, CardOutcome};
use crate::domain::carried;
use crate::domain::conversation::{Closed, Content, Draft};
use crate::outbound::postgres::{card, channel, conversation, message};
use domain::{AgentId, AuthorRole, ConversationId, MessageId, MessageText, WorkspaceId};
use fault::{Fault, Result};
use uuid::Uuid;

/// A card to say.
#[derive(Debug, Clone)]
pub struct NewCard {
    pub conversation: ConversationId,
    /// 1 to 100 characters.
    pub client_id: String,
    pub agent: AgentId,
    pub card: Card,
}

impl App {
    /// The id of a card that is about to be said.
    pub fn new_card(&self) -> Uuid {
        self.store.entropy().id()
    }

    /// Says a card as the agent's message, and tells the shop by a fact; the same client id again answers the stored one. The
    /// card's id, and its message's sequence.
    pub async fn send_card(&self, workspace: &WorkspaceId, new: &NewCard) -> Result<(Uuid, u64)> {
        new.card.check()?;
        retry(|| self.say_card(workspace, new)).await
    }

    async fn say_card(&self, workspace: &WorkspaceId, new: &NewCard) -> Result<(Uuid, u64)> {
        let mut tx = self.store.begin(workspace).await?;
        let locked = conversation::lock(&mut tx, workspace, new.conversation).await?;
        let mut conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        let here = [conversation.id];
        if let Some(stored) = message::get_by_client_id(&mut tx, workspace, &here, &new.client_id).await? {
            return match stored.draft.content {
                Content::Card(said) if said.says(&new.card) => Ok((said.id, stored.seq)),
                _ => Err(exists("message").of("client_id")),
            };
        }
        is_newest(&conversation)?;
        known_agent(&mut tx, workspace, Some(&new.agent)).await?;
        let text = MessageText::parse(&new.card.words()).map_err(|wrong| wrong.of("card"))?;
        if let Some(channel) = channel::get(&mut tx, workspace, &conversation.channel).await? {
            let fits = carried::check(channel.kind, AuthorRole::Agent, &text);
            fits.map_err(|fault| fault.of("card"))?;
        }
        let (now, id) = (self.now(), new.card.id);
        let draft = Draft {
            id: MessageId::generate(self.store.entropy()),
            author: AuthorRole::Agent,
            agent: Some(new.agent.clone()),
            text,
            at: now,
            follow_up: true,
            client_id: Some(new.client_id.clone()),
            foreign: None,
            content: Content::Card(new.card.clone()),
        };
        let posted = conversation.post(draft);
        let (said, change) = posted.map_err(|Closed| Fault::internal("an agent was taken for a customer"))?;
        conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
        message::insert(&mut tx, &[(workspace, &said)]).await?;
        record(&mut tx, workspace, &change, None);
        self.tell_run_of(&mut tx, workspace, &said).await?;
        let (place, outcome) = ((conversation.id, said.seq), CardOutcome::requested(now));
        card::put(&mut tx, workspace, id, place, &outcome).await?;
        record_card(&mut tx, workspace, (&new.card, place), &outcome, None);
        tx.commit().await?;
        Ok((id, said.seq))
    }
}
