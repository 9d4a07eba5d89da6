//! Writing to contacts who have not written themselves.

use super::conversations::{Conversation, IDEMPOTENCY_KEY, Message, client_id, of_client_id};
use super::extract::{Body, May, Write, header_text};
use super::problem::Answer;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use domain::{AddressId, AgentId, ChannelId, ContactId, MessageText};
use fault::Fault;
use rpc::conversation::WriteToContactRequest;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteToContact {
    /// The sender's own id, 1 to 100 characters: the same again answers what it made. The header `Idempotency-Key` may say it
    /// instead.
    client_id: Option<String>,
    /// Of kind sms.
    channel: String,
    /// Which of the contact's phone numbers, by its id; may be left out where a consent for outreach names only one.
    address: Option<String>,
    /// Slug of the agent who writes.
    agent: Option<String>,
    /// 1 to 1,600 characters.
    text: String,
}

/// A conversation and its first message.
#[derive(Serialize, ToSchema)]
pub struct ConversationOpened {
    conversation: Conversation,
    message: Message,
}

/// Writes to a contact first: opens a conversation whose message goes out as a text, not between 20:00 and 09:00 on the contact's
/// clock. 409 with `send.no_consent` unless a consent for outreach names the number, with `conversation.unanswered` while an
/// earlier first message on the channel has no answer.
#[utoipa::path(post, path = "/v1/contacts/{contact}/messages", tag = "contacts",
    params(("contact" = String, Path, description = "UUID"),
        ("Idempotency-Key" = Option<String>, Header, description = "In place of client_id")),
    request_body = WriteToContact, security(("api_token" = ["write"])),
    responses((status = 200, body = ConversationOpened),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn write_to_contact(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(contact): Path<String>,
    headers: HeaderMap,
    Body(body): Body<WriteToContact>,
) -> Answer<Json<ConversationOpened>> {
    let request_id = client_id(body.client_id, header_text(&headers, IDEMPOTENCY_KEY))?;
    MessageText::parse(&body.text)?;
    let address = body.address.map(|address| AddressId::parse(&address)).transpose()?;
    let agent = body.agent.map(|agent| AgentId::parse(&agent)).transpose()?;
    let request = WriteToContactRequest {
        workspace: caller.workspace.to_string(),
        request_id,
        channel: ChannelId::parse(&body.channel)?.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        address: address.map(|address| address.to_string()).unwrap_or_default(),
        agent: agent.map(|agent| agent.to_string()).unwrap_or_default(),
        text: body.text,
    };
    let answer = edge
        .conversations
        .write_to_contact(request)
        .await
        .map_err(of_client_id)?;
    let (Some(conversation), Some(message)) = (answer.conversation, answer.message) else {
        return Err(Fault::internal("WriteToContact answered without what it made").into());
    };
    Ok(Json(ConversationOpened {
        conversation: conversation.into(),
        message: message.into(),
    }))
}
