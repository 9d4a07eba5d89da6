use super::edge::Edge;
use super::hub::Seat;
use super::start_conversation::enter;
use crate::domain::session::Session;
use crate::domain::token::scoped_id;
use domain::ConversationId;
use events::common::AuthorRole;
use fault::{Fault, Result};
use rpc::conversation::PostMessageRequest;

/// What became of a customer's message.
pub struct Posted {
    pub seq: u64,
    /// True: the conversation was resolved, and this message opened a new one, which the session has entered.
    pub elsewhere: bool,
}

/// Appends a customer's message. Idempotent by (session, client_id).
pub async fn post_message(
    edge: &Edge,
    session: &mut Session,
    seat: &mut Seat,
    client_id: &str,
    text: String,
) -> Result<Posted> {
    let conversation = session.conversation()?;
    let request = PostMessageRequest {
        workspace: session.workspace.to_string(),
        conversation: conversation.to_string(),
        client_id: scoped_id(&session.hash, client_id),
        author: AuthorRole::Customer.into(),
        agent: String::new(),
        text,
        no_follow_up: false,
    };
    let answer = edge.conversations.post_message(request).await?;
    let message = answer
        .message
        .ok_or_else(|| Fault::internal("PostMessage answered without its message"))?;
    let holder = ConversationId::parse(&answer.conversation)?;
    enter(edge, session, seat, holder).await?;
    Ok(Posted {
        seq: message.seq,
        elsewhere: holder != conversation,
    })
}
