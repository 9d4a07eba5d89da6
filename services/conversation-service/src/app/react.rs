//! What a team says by itself to a customer's message, in the same transaction.

use super::App;
use super::record::record;
use crate::domain::automatic::{About, Carriage};
use crate::domain::conversation::{Change, Content, Conversation, Message};
use crate::outbound::postgres::{automatic_messages, channel};
use domain::{AuthorRole, MessageId, Timestamp, WorkspaceId};
use fault::Result;
use store::Tx;

/// What follows from a customer's message.
#[derive(Default)]
pub(super) struct Reaction {
    pub said: Option<(Message, Change)>,
    /// A form comes then, or a run goes on.
    pub due: Option<Timestamp>,
}

impl App {
    /// Says what there is to say to the message that was just posted; its conversation is locked or new, and is written
    /// after this.
    pub(super) async fn react(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        conversation: &mut Conversation,
        message: &Message,
        is_first: bool,
    ) -> Result<Reaction> {
        // An answer, or a form that was filled in, is not answered by itself.
        if message.draft.author != AuthorRole::Customer || message.draft.content != Content::Words {
            return Ok(Reaction::default());
        }
        let Some(channel) = channel::get(tx, workspace, &conversation.channel).await? else {
            return Ok(Reaction::default());
        };
        let due = self
            .consider_form(tx, workspace, conversation, &channel, is_first)
            .await?;
        let Some(voice) = automatic_messages::voice_of(tx, workspace, &channel).await? else {
            return Ok(Reaction { said: None, due });
        };
        let at = message.draft.at;
        let kind = voice.reaction(conversation, is_first, at, self.now());
        let said = kind.map(|kind| {
            let id = MessageId::generate(self.store.entropy());
            voice.say(conversation, (kind, Carriage::Channel), About::default(), id, at)
        });
        Ok(Reaction { said, due })
    }

    /// Wakes whoever tends what is due then, once it is committed.
    pub(super) fn tell_due(&self, due: Option<Timestamp>) {
        if let Some(at) = due {
            self.store.due_at(at);
        }
    }
}

/// A message and what was said to it, the latter recorded.
pub(super) fn with_reaction(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    message: Message,
    said: Option<(Message, Change)>,
) -> Vec<Message> {
    let mut messages = vec![message];
    if let Some((said, change)) = said {
        record(tx, workspace, &change, None);
        messages.push(said);
    }
    messages
}
