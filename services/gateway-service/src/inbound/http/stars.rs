//! Conversations that agents keep an eye on.

use super::conversations::resolve_name;
use super::extract::{Body, May, Params, Read, Write};
use super::problem::Answer;
use super::wire::{instant, optional, time};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use fault::Fault;
use rpc::conversation as wire;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// An agent's star on a conversation.
#[derive(Serialize, ToSchema)]
pub struct Star {
    /// UUID.
    conversation: String,
    /// Short number, as customers and agents see it.
    number: u64,
    agent: String,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    starred_at: Option<String>,
    /// Absent: no reminder.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    remind_at: Option<String>,
    /// When it was told; absent: not yet.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    reminded_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Grows by one with each change, the telling of a reminder too.
    version: u64,
}

impl From<wire::Star> for Star {
    fn from(found: wire::Star) -> Self {
        Self {
            conversation: found.conversation,
            number: found.number,
            agent: found.agent,
            starred_at: time(found.starred_at),
            remind_at: time(found.remind_at),
            reminded_at: time(found.reminded_at),
            note: optional(found.note),
            version: found.version,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStar {
    /// In the future (unless it is what it was), by 400 days at most; left out: no reminder.
    #[schema(format = "date-time")]
    remind_at: Option<String>,
    /// At most 200 characters.
    #[serde(default)]
    note: String,
}

/// Stars a conversation for an agent, or changes their star: reminder and note are replaced. The reminder is told once, at its
/// time, as the fact reminder.due.
#[utoipa::path(put, path = "/v1/conversations/{conversation}/stars/{agent}", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"), ("agent" = String, Path)),
    request_body = SetStar, security(("api_token" = ["write"])), responses((status = 200, body = Star),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_star(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path((name, agent)): Path<(String, String)>,
    Body(body): Body<SetStar>,
) -> Answer<Json<Star>> {
    let request = wire::SetStarRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        agent,
        remind_at: instant("remind_at", body.remind_at)?.map(events::stamp),
        note: body.note,
    };
    let set = edge.conversations.set_star(request).await?.star;
    let set = set.ok_or_else(|| Fault::internal("SetStar answered without its star"))?;
    Ok(Json(set.into()))
}

/// Takes an agent's star from a conversation, and with it reminder and note.
#[utoipa::path(delete, path = "/v1/conversations/{conversation}/stars/{agent}", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"), ("agent" = String, Path)),
    security(("api_token" = ["write"])), responses((status = 204),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn remove_star(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path((name, agent)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let request = wire::RemoveStarRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        agent,
    };
    edge.conversations.remove_star(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListStarred {
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of stars.
#[derive(Serialize, ToSchema)]
pub struct StarPage {
    stars: Vec<Star>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// What an agent has starred, the newest conversation first.
#[utoipa::path(get, path = "/v1/agents/{agent}/stars", tag = "conversations",
    params(("agent" = String, Path), ListStarred), security(("api_token" = ["read"])),
    responses((status = 200, body = StarPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_starred(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(agent): Path<String>,
    Params(params): Params<ListStarred>,
) -> Answer<Json<StarPage>> {
    let request = wire::ListStarredRequest {
        workspace: caller.workspace.to_string(),
        agent,
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.conversations.list_starred(request).await?;
    Ok(Json(StarPage {
        stars: page.stars.into_iter().map(Into::into).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}
