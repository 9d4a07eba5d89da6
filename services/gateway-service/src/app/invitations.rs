use super::edge::Edge;
use super::get_channel::get_channel;
use super::hub::Seat;
use super::list_messages::get_conversation;
use super::start_conversation::enter;
use crate::domain::invitation::{ContactField, Invitation, InvitationAnswer, contact_fields};
use crate::domain::session::Session;
use crate::outbound::watch::Watch;
use domain::ConversationId;
use events::event::InvitationState;
use fault::{Fault, Result, codes};
use futures::FutureExt;
use rpc::routing::{self as wire, AnswerInvitationRequest, WatchInvitationRequest, WatchInvitationResponse};
use uuid::Uuid;

/// What the visitor does with an invitation; how it stands then. DENIED for a session out of a return link.
pub async fn answer_invitation(
    edge: &Edge,
    session: &Session,
    invitation: String,
    answer: InvitationAnswer,
) -> Result<wire::Invitation> {
    if !session.may_start() {
        let remedy = "a session out of a return link is not invited; open a session of the page's own";
        return Err(Fault::new(&codes::DENIED, remedy));
    }
    let request = AnswerInvitationRequest {
        workspace: session.workspace.to_string(),
        invitation,
        visitor: session.visitor.to_string(),
        answer: wire::InvitationAnswer::from(answer).into(),
    };
    let answered = edge.routing.answer_invitation(request).await?.invitation;
    answered.ok_or_else(|| Fault::internal("AnswerInvitation answered without its invitation"))
}

/// The visitor's invitation from now on; `tab` is who watches.
pub fn watch_invitation(edge: &Edge, session: &Session, tab: Uuid, invitation: &str) -> Watch<WatchInvitationResponse> {
    let request = WatchInvitationRequest {
        workspace: session.workspace.to_string(),
        invitation: invitation.to_owned(),
        visitor: session.visitor.to_string(),
    };
    let routing = edge.routing.clone();
    Watch::new(tab, move || {
        let (routing, request) = (routing.clone(), request.clone());
        async move { routing.watch_invitation(request).await }.boxed()
    })
}

/// The invitation as the visitor's widget is told of it.
pub async fn show_invitation(edge: &Edge, session: &Session, told: WatchInvitationResponse) -> Result<Invitation> {
    let found = told.invitation.unwrap_or_default();
    let fields = match found.state() {
        InvitationState::Form => fields_of(edge, session).await?,
        _ => Vec::new(),
    };
    Ok(Invitation::new(found, told.position, told.wait_seconds, fields))
}

async fn fields_of(edge: &Edge, session: &Session) -> Result<Vec<ContactField>> {
    let channel = get_channel(edge, &session.workspace, &session.channel).await?;
    Ok(channel.settings.as_ref().map(contact_fields).unwrap_or_default())
}

/// Lets the session enter the conversation with which an agent spoke first. False: it is somebody else's.
pub async fn enter_invited(
    edge: &Edge,
    session: &mut Session,
    seat: &mut Seat,
    conversation: ConversationId,
) -> Result<bool> {
    let found = get_conversation(edge, &session.workspace, conversation).await?;
    if found.visitor != session.visitor.to_string() {
        return Ok(false);
    }
    enter(edge, session, seat, conversation).await?;
    Ok(true)
}
