use super::edge::Edge;
use crate::domain::session::Session;
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::{Conversation, GetConversationRequest, ListMessagesRequest, ListMessagesResponse, Message};

/// A page of the longest messages is little more than a megabyte: all that a socket holds at a time.
pub const PAGE: u32 = 20;

/// The next page after `after`, of the session's conversation.
pub async fn list_messages(edge: &Edge, session: &Session, after: u64) -> Result<ListMessagesResponse> {
    let request = ListMessagesRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
        after_seq: after,
        page_size: PAGE,
    };
    edge.conversations.list_messages(request).await
}

/// One message of the session's conversation; `None`: there is none of this sequence.
pub async fn read_message(edge: &Edge, session: &Session, seq: u64) -> Result<Option<Message>> {
    let request = ListMessagesRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
        after_seq: seq.saturating_sub(1),
        page_size: 1,
    };
    let answer = edge.conversations.list_messages(request).await?;
    Ok(answer.messages.into_iter().find(|message| message.seq == seq))
}

/// A conversation as it stands.
pub async fn get_conversation(
    edge: &Edge,
    workspace: &WorkspaceId,
    conversation: ConversationId,
) -> Result<Conversation> {
    let request = GetConversationRequest {
        workspace: workspace.to_string(),
        by: Some(By::Conversation(conversation.to_string())),
    };
    let answer = edge.conversations.get_conversation(request).await?;
    answer.conversation.ok_or_else(|| Fault::not_found("conversation"))
}
