//! The widget's way to a socket: a session, then a ticket. And the beacon with which a page says good-bye.

use super::extract::{Address, Body, Origin, Raw, SessionToken};
use super::problem::Answer;
use crate::app::edge::Edge;
use crate::app::gate::Door;
use crate::app::issue_ticket::issue_ticket;
use crate::app::open_session::{find_live_session, open_session};
use crate::domain::session::Session;
use crate::domain::token::Token;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use domain::{ChannelId, Timestamp, WorkspaceId};
use fault::Fault;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// Answers with secrets in them are not for caches.
pub const NO_STORE: AppendHeaders<[(header::HeaderName, HeaderValue); 1]> =
    AppendHeaders([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    #[schema(example = "acme")]
    workspace: String,
    #[schema(example = "web")]
    channel: String,
    /// Token of an earlier session; resumed while it lives, otherwise a new one is opened.
    session: Option<String>,
}

/// An open session.
#[derive(Serialize, ToSchema)]
pub struct SessionOpened {
    /// `<workspace>.<secret>`: keep it in the browser's storage, send it as a bearer token.
    session: String,
    /// UUID by which presence knows this browser.
    visitor: String,
    /// The conversation it is in, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    /// RFC 3339.
    #[schema(format = "date-time")]
    expires_at: String,
}

impl SessionOpened {
    pub fn new(token: &Token, session: &Session) -> Self {
        Self {
            session: token.expose(),
            visitor: session.visitor.to_string(),
            conversation: session.conversation.map(|id| id.to_string()),
            expires_at: session.expires_at.to_string(),
        }
    }
}

/// Opens or resumes a session on a channel.
#[utoipa::path(post, path = "/v1/sessions", tag = "widget", request_body = OpenSession,
    responses((status = 200, body = SessionOpened), (status = "default", body = super::problem::ProblemBody,
        content_type = "application/problem+json")))]
pub async fn post_session(
    State(edge): State<Arc<Edge>>,
    Address(address): Address,
    Origin(origin): Origin,
    Body(body): Body<OpenSession>,
) -> Answer<impl IntoResponse> {
    let workspace = WorkspaceId::parse(&body.workspace)?;
    let channel = ChannelId::parse(&body.channel)?;
    let resume = body.session.map(|token| Token::parse(&token, "session")).transpose()?;
    edge.gate.pass(Door::Session, address, edge.age())?;
    let (token, session) = open_session(&edge, workspace, channel, resume, origin.as_deref()).await?;
    Ok((NO_STORE, Json(SessionOpened::new(&token, &session))))
}

/// A one-time ticket.
#[derive(Serialize, ToSchema)]
pub struct Ticket {
    /// For the socket's first frame. Works once.
    ticket: String,
    /// RFC 3339; at most 30 seconds away.
    #[schema(format = "date-time")]
    expires_at: String,
}

impl Ticket {
    pub fn new(ticket: &Token, expires_at: Timestamp) -> Self {
        Self {
            ticket: ticket.expose(),
            expires_at: expires_at.to_string(),
        }
    }
}

/// A ticket that opens one socket of the session.
#[utoipa::path(post, path = "/v1/tickets", tag = "widget", security(("session" = [])),
    responses((status = 200, body = Ticket), (status = "default", body = super::problem::ProblemBody,
        content_type = "application/problem+json")))]
pub async fn post_ticket(
    State(edge): State<Arc<Edge>>,
    Origin(origin): Origin,
    SessionToken(session): SessionToken,
) -> Answer<impl IntoResponse> {
    let (ticket, expires_at) = issue_ticket(&edge, &session, origin.as_deref()).await?;
    Ok((NO_STORE, Json(Ticket::new(&ticket, expires_at))))
}

/// A page says with `navigator.sendBeacon` that its tab is being closed: the session token, a space, and the tab's
/// name out of the `welcome` frame.
#[utoipa::path(post, path = "/v1/beacon", tag = "widget", request_body(content = String, content_type = "text/plain"),
    responses((status = 204), (status = "default", body = super::problem::ProblemBody,
        content_type = "application/problem+json")))]
pub async fn post_beacon(State(edge): State<Arc<Edge>>, Raw(body): Raw) -> Answer<StatusCode> {
    let text = std::str::from_utf8(&body).unwrap_or_default();
    let (token, tab) = text
        .trim()
        .split_once(char::is_whitespace)
        .ok_or_else(|| Fault::invalid("body", "needs the session token, a space, and the tab's name"))?;
    let token = Token::parse(token, "session")?;
    let tab = Uuid::try_parse(tab.trim()).map_err(|_| Fault::invalid("tab", "is not a UUID"))?;
    let session = find_live_session(&edge, &token).await?;
    edge.tabs.close(&session, tab);
    Ok(StatusCode::NO_CONTENT)
}
