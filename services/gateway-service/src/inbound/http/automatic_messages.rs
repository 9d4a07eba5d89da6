//! What teams say by themselves, and what agents have them say.

use super::conversations::{IDEMPOTENCY_KEY, Message, client_id, of_client_id, resolve_name};
use super::extract::{Admin, Body, May, Read, Write, header_text};
use super::problem::Answer;
use crate::app::edge::Edge;
pub use crate::domain::automatic::Kind;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use domain::{AgentId, TeamId};
use fault::Fault;
use rpc::conversation as wire;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// One message and what it is made of.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    on: bool,
    /// Begins with the channel's business name.
    #[serde(default)]
    business_name: bool,
    /// Begins with the team's name, after the business name.
    #[serde(default)]
    team_name: bool,
    /// Stands at the end; at most 300 characters.
    #[serde(default)]
    extra_text: String,
}

/// Everything that a team says by itself, with its version.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "messages": {
        "first_message": { "on": true, "business_name": true },
        "missed_call": { "on": true, "business_name": true, "team_name": true, "extra_text": "Order status: https://acme.example/orders" },
        "ask_rating": { "on": true }
    },
    "open_for_missed_calls": true
}))]
pub struct AutomaticMessages {
    /// By kind; kinds that are left out are off.
    #[serde(
        default,
        deserialize_with = "serde_with::rust::maps_duplicate_key_is_error::deserialize"
    )]
    messages: BTreeMap<Kind, Setting>,
    /// A missed call from a number without an open conversation opens one.
    #[serde(default)]
    open_for_missed_calls: bool,
    /// Where the team can be reached otherwise, http or https; contact_page needs it.
    #[serde(default)]
    contact_page: String,
    /// Grows by one with each change; in a change the one that was read, 0: whatever it is.
    #[serde(default)]
    version: u64,
}

/// The version that automatic messages have now.
#[derive(Serialize, ToSchema)]
pub struct AutomaticMessagesVersion {
    version: u64,
}

/// What a team says by itself.
#[utoipa::path(get, path = "/v1/teams/{team}/automatic-messages", tag = "workspace",
    params(("team" = String, Path)), security(("api_token" = ["read"])),
    responses((status = 200, body = AutomaticMessages),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_automatic_messages(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(team): Path<String>,
) -> Answer<Json<AutomaticMessages>> {
    let request = wire::GetAutomaticMessagesRequest {
        workspace: caller.workspace.to_string(),
        team: TeamId::parse(&team)?.to_string(),
    };
    let answer = edge.conversations.get_automatic_messages(request).await?;
    let found = answer.messages.unwrap_or_default();
    let messages = found.messages.into_iter().filter_map(|one| {
        let setting = Setting {
            on: one.on,
            business_name: one.business_name,
            team_name: one.team_name,
            extra_text: one.extra_text.clone(),
        };
        Some((Kind::of_wire(one.kind())?, setting))
    });
    Ok(Json(AutomaticMessages {
        messages: messages.collect(),
        open_for_missed_calls: found.open_for_missed_calls,
        contact_page: found.contact_page,
        version: answer.version,
    }))
}

/// Replaces what a team says by itself, as a whole; answers with its version.
#[utoipa::path(put, path = "/v1/teams/{team}/automatic-messages", tag = "workspace", request_body = AutomaticMessages,
    params(("team" = String, Path)), security(("api_token" = ["admin"])),
    responses((status = 200, body = AutomaticMessagesVersion),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_automatic_messages(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(team): Path<String>,
    Body(body): Body<AutomaticMessages>,
) -> Answer<Json<AutomaticMessagesVersion>> {
    let messages = body.messages.into_iter().map(|(kind, setting)| setting.on_wire(kind));
    let request = wire::SetAutomaticMessagesRequest {
        workspace: caller.workspace.to_string(),
        team: TeamId::parse(&team)?.to_string(),
        messages: Some(wire::AutomaticMessages {
            messages: messages.collect(),
            open_for_missed_calls: body.open_for_missed_calls,
            contact_page: body.contact_page,
        }),
        version: body.version,
    };
    let answer = edge.conversations.set_automatic_messages(request).await?;
    Ok(Json(AutomaticMessagesVersion {
        version: answer.version,
    }))
}

impl Setting {
    fn on_wire(self, kind: Kind) -> wire::AutomaticMessage {
        wire::AutomaticMessage {
            kind: kind.on_wire().into(),
            on: self.on,
            business_name: self.business_name,
            team_name: self.team_name,
            extra_text: self.extra_text,
        }
    }
}

/// Settings to look at before they are saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewAutomaticMessage {
    message: Setting,
    /// en, pl or fr; the workspace's if left out.
    language: Option<String>,
    /// As it goes out by text.
    #[serde(default)]
    by_text: bool,
}

/// The words of a message.
#[derive(Serialize, ToSchema)]
pub struct Preview {
    text: String,
}

/// The words of an automatic message, under settings that need not be saved.
#[utoipa::path(post, path = "/v1/teams/{team}/automatic-messages/{kind}/preview", tag = "workspace",
    params(("team" = String, Path), ("kind" = Kind, Path)), request_body = PreviewAutomaticMessage,
    security(("api_token" = ["read"])), responses((status = 200, body = Preview),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn preview_automatic_message(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path((team, kind)): Path<(String, String)>,
    Body(body): Body<PreviewAutomaticMessage>,
) -> Answer<Json<Preview>> {
    let kind: Kind = serde_json::from_value(kind.into())
        .map_err(|_| Fault::invalid("kind", "is no automatic message; see the OpenAPI document"))?;
    let request = wire::PreviewAutomaticMessageRequest {
        workspace: caller.workspace.to_string(),
        team: TeamId::parse(&team)?.to_string(),
        message: Some(body.message.on_wire(kind)),
        language: body.language.unwrap_or_default(),
        by_text: body.by_text,
    };
    let answer = edge.conversations.preview_automatic_message(request).await?;
    Ok(Json(Preview { text: answer.text }))
}

/// What an agent has said in a team's name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "client_id": "s-1", "kind": "ask_payment", "agent": "ana", "note": "Order 1207.", "link": "https://acme.example/pay/1207" }))]
pub struct SendAutomaticMessage {
    /// ask_rating, ask_solved, ask_media, contact_page, ask_approval or ask_payment.
    kind: Kind,
    /// The sender's own id, 1 to 100 characters: the same again answers the stored message. The header
    /// `Idempotency-Key` may say it instead.
    client_id: Option<String>,
    /// Slug of the agent.
    agent: Option<String>,
    /// What it is about, at most 300 characters.
    #[serde(default)]
    note: String,
    /// Where to approve or pay, http or https; ask_payment needs it.
    #[serde(default)]
    link: String,
}

/// Says an automatic message in a conversation.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/automatic-messages", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"),
        ("Idempotency-Key" = Option<String>, Header, description = "In place of client_id")),
    request_body = SendAutomaticMessage, security(("api_token" = ["write"])), responses((status = 200, body = Message),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn send_automatic_message(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(body): Body<SendAutomaticMessage>,
) -> Answer<Json<Message>> {
    let request_id = client_id(body.client_id, header_text(&headers, IDEMPOTENCY_KEY))?;
    let agent = body.agent.map(|agent| AgentId::parse(&agent)).transpose()?;
    let request = wire::SendAutomaticMessageRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        request_id,
        kind: body.kind.on_wire().into(),
        agent: agent.map(|agent| agent.to_string()).unwrap_or_default(),
        note: body.note,
        link: body.link,
    };
    let answer = edge
        .conversations
        .send_automatic_message(request)
        .await
        .map_err(of_client_id)?;
    let message = answer
        .message
        .ok_or_else(|| Fault::internal("conversation-service answered without the message"))?;
    Ok(Json(message.into()))
}
