use super::edge::Edge;
use super::hub::Seat;
use crate::domain::frame::{Start, given};
use crate::domain::session::Session;
use crate::domain::token::scoped_id;
use crate::outbound::postgres::session::enter_conversation;
use domain::ConversationId;
use events::common::AuthorRole;
use fault::{Fault, Result, codes};
use rpc::conversation::{Conversation, GivenContact, StartConversationRequest};

/// Opens a conversation with its first message, or posts that in the one that the visitor has open on the channel, from
/// another tab perhaps; and lets the session enter it. Idempotent by (session, client_id).
pub async fn start_conversation(
    edge: &Edge,
    session: &mut Session,
    seat: &mut Seat,
    start: Start,
) -> Result<(Conversation, u64)> {
    if !session.may_start() {
        return Err(Fault::new(
            &codes::DENIED,
            "a session out of a return link opens no other conversation; open a session of the page's own",
        ));
    }
    let request = StartConversationRequest {
        workspace: session.workspace.to_string(),
        request_id: scoped_id(&session.hash, &start.client_id),
        channel: session.channel.to_string(),
        visitor: session.visitor.to_string(),
        contact: Some(GivenContact {
            name: given(&start.name).into(),
            phone: given(&start.phone).into(),
            email: given(&start.email).into(),
        }),
        author: AuthorRole::Customer.into(),
        agent: String::new(),
        text: start.text,
        page_url: start.page_url.unwrap_or_default(),
        no_follow_up: false,
        join_open: true,
    };
    let answer = edge.conversations.start_conversation(request).await?;
    let (Some(conversation), Some(message)) = (answer.conversation, answer.message) else {
        return Err(Fault::internal("StartConversation answered without its conversation"));
    };
    enter(edge, session, seat, ConversationId::parse(&conversation.conversation)?).await?;
    Ok((conversation, message.seq))
}

/// Notes that the session is in this conversation from now on, and tells its other tabs.
pub async fn enter(edge: &Edge, session: &mut Session, seat: &mut Seat, id: ConversationId) -> Result<()> {
    if session.conversation != Some(id) {
        let mut tx = edge.store.begin(&session.workspace).await?;
        enter_conversation(&mut tx, session, id).await?;
        tx.commit().await?;
        session.conversation = Some(id);
        edge.hub.moved(session, seat);
    }
    seat.enter(id);
    Ok(())
}
