//! What a team says by itself to a customer's message, in the same transaction.

use super::App;
use super::record::record;
use crate::domain::automatic::{About, Carriage};
use crate::domain::conversation::{Change, Conversation, Message};
use crate::outbound::postgres::{automatic_messages, channel};
use domain::{AuthorRole, MessageId, WorkspaceId};
use fault::Result;
use store::Tx;

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
    ) -> Result<Option<(Message, Change)>> {
        if message.draft.author != AuthorRole::Customer {
            return Ok(None);
        }
        let Some(channel) = channel::get(tx, workspace, &conversation.channel).await? else {
            return Ok(None);
        };
        let Some(voice) = automatic_messages::voice_of(tx, workspace, &channel).await? else {
            return Ok(None);
        };
        let at = message.draft.at;
        let kind = voice.reaction(conversation, is_first, at, self.now());
        Ok(kind.map(|kind| {
            let id = MessageId::generate(self.store.entropy());
            voice.say(conversation, (kind, Carriage::Channel), About::default(), id, at)
        }))
    }
}

/// A message and what was said to it, the latter recorded.
pub(super) fn with_reaction(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    message: Message,
    reaction: Option<(Message, Change)>,
) -> Vec<Message> {
    let mut messages = vec![message];
    if let Some((said, change)) = reaction {
        record(tx, workspace, &change, None);
        messages.push(said);
    }
    messages
}
