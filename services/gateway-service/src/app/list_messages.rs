use super::edge::Edge;
use crate::domain::session::Session;
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::{
    Conversation, GetConversationRequest, ListCardsRequest, ListMessagesRequest, ListMessagesResponse, SaidCard,
};

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

/// The cards of the session's conversation of which something came.
pub async fn list_cards(edge: &Edge, session: &Session) -> Result<Vec<SaidCard>> {
    let request = ListCardsRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
    };
    Ok(edge.conversations.list_cards(request).await?.cards)
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
