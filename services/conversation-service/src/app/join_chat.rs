use super::post_message::Post;
use super::start_conversation::Start;
use super::{App, exists};
use crate::domain::conversation::{Conversation, Message};
use crate::outbound::postgres::{conversation, message};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

/// A visitor's chat in which a start is only another message.
#[derive(Debug)]
pub(super) enum Chat {
    Open(ConversationId),
    /// It was joined by the same request before.
    Joined(Box<Message>),
}

impl App {
    /// Posts what a start says in the chat that its visitor has open, with the addresses that it gives.
    pub(super) async fn join_chat(
        &self,
        workspace: &WorkspaceId,
        chat: Chat,
        start: &Start,
    ) -> Result<(Conversation, Message)> {
        let message = match chat {
            Chat::Joined(message) => *message,
            Chat::Open(conversation) => {
                if start.given.has_address() {
                    self.add_contact(workspace, conversation, start.given.clone()).await?;
                }
                let post = Post {
                    conversation,
                    client_id: start.request_id.clone(),
                    author: start.author,
                    agent: None,
                    text: start.text.clone(),
                    follow_up: start.follow_up,
                };
                self.post_message(workspace, &post).await?
            }
        };
        let mut tx = self.store.begin(workspace).await?;
        let joined = conversation::get(&mut tx, workspace, message.conversation).await?;
        Ok((joined.ok_or_else(|| Fault::not_found("conversation"))?, message))
    }
}

/// The chat that a start joins; `None`: it opens one. Another start under the same id is refused.
pub(super) async fn chat_to_join(tx: &mut Tx, workspace: &WorkspaceId, start: &Start) -> Result<Option<Chat>> {
    let Some(visitor) = start.joins else { return Ok(None) };
    let chats = conversation::list_of_visitor(tx, workspace, visitor, &start.channel).await?;
    let all: Vec<ConversationId> = chats.iter().map(|(id, _)| *id).collect();
    if let Some(stored) = message::get_by_client_id(tx, workspace, &all, &start.request_id).await? {
        return if stored.draft.text == start.text {
            Ok(Some(Chat::Joined(Box::new(stored))))
        } else {
            Err(exists("conversation").of("request_id"))
        };
    }
    let open = chats.into_iter().find(|(_, is_open)| *is_open);
    Ok(open.map(|(id, _)| Chat::Open(id)))
}
