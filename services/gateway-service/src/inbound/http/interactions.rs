//! Who talked to a contact.

use super::contacts::Purpose;
use super::extract::{Contacts, May, Params};
use super::problem::Answer;
use super::wire::{optional, time};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::ContactId;
use rpc::contacts::{self as wire, ListInteractionsRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListInteractions {
    /// Interactions serve support alone.
    #[param(inline)]
    purpose: Purpose,
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of interactions.
#[derive(Serialize, ToSchema)]
pub struct InteractionPage {
    interactions: Vec<Interaction>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// A conversation of the contact's, and who talked to them in it.
#[derive(Serialize, ToSchema)]
pub struct Interaction {
    conversation: String,
    number: u64,
    channel: String,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// Absent while open.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<String>,
    /// In the order in which they first wrote.
    talks: Vec<Talk>,
}

/// What an agent said in a conversation.
#[derive(Serialize, ToSchema)]
pub struct Talk {
    agent: String,
    messages: u64,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    first_at: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<String>,
}

/// Conversations of a contact, the newest first, with the agents who talked to them.
#[utoipa::path(get, path = "/v1/contacts/{contact}/interactions", tag = "contacts",
    params(("contact" = String, Path, description = "UUID"), ListInteractions), security(("api_token" = ["contacts"])),
    responses((status = 200, body = InteractionPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_interactions(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
    Params(params): Params<ListInteractions>,
) -> Answer<Json<InteractionPage>> {
    let request = ListInteractionsRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        purpose: wire::Purpose::from(params.purpose).into(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.contacts.list_interactions(&caller, request).await?;
    Ok(Json(InteractionPage {
        interactions: page.interactions.into_iter().map(interaction).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

fn interaction(found: wire::Interaction) -> Interaction {
    let talk = |talk: wire::Talk| Talk {
        agent: talk.agent,
        messages: talk.messages,
        first_at: time(talk.first_at),
        last_at: time(talk.last_at),
    };
    Interaction {
        conversation: found.conversation,
        number: found.number,
        channel: found.channel,
        started_at: time(found.started_at),
        resolved_at: time(found.resolved_at),
        talks: found.talks.into_iter().map(talk).collect(),
    }
}
