//! Chats that somebody is to serve: who waits, and an agent's answers to their alerts.

use super::extract::{Body, May, Params, Read, Write};
use super::problem::Answer;
use super::wire::optional;
use crate::app::edge::Edge;
pub use crate::domain::request::Request;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::{AgentId, MessageText, TeamId};
use fault::Fault;
use rpc::routing::get_request_request::By;
use rpc::routing::{AcceptAlertRequest, DeclineAlertRequest, GetRequestRequest, ListRequestsRequest, StartChatRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListRequests {
    /// Only those of this team's queue; empty: of the workspace's own. Of every queue if left out.
    team: Option<String>,
    /// Only those that this agent is alerted to or serves.
    agent: Option<String>,
    /// 1 to 500; 100 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of requests.
#[derive(Serialize, ToSchema)]
pub struct RequestPage {
    requests: Vec<Request>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// Chats that are not done: those that wait in the order in which they are served, then the others.
#[utoipa::path(get, path = "/v1/requests", tag = "queue", params(ListRequests), security(("api_token" = ["read"])),
    responses((status = 200, body = RequestPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_requests(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<ListRequests>,
) -> Answer<Json<RequestPage>> {
    let request = ListRequestsRequest {
        workspace: caller.workspace.to_string(),
        team: params.team.map(team).transpose()?,
        agent: agent(params.agent)?,
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.routing.list_requests(request).await?;
    Ok(Json(RequestPage {
        requests: page.requests.into_iter().map(Request::from).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

/// One chat, as long as it is kept.
#[utoipa::path(get, path = "/v1/requests/{request}", tag = "queue",
    params(("request" = String, Path, description = "UUID")), security(("api_token" = ["read"])),
    responses((status = 200, body = Request),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_request(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(request): Path<String>,
) -> Answer<Json<Request>> {
    let request = GetRequestRequest {
        workspace: caller.workspace.to_string(),
        by: Some(By::Request(request)),
    };
    let found = edge.routing.get_request(request).await?.request;
    Ok(Json(found.ok_or_else(|| Fault::not_found("request"))?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerAlert {
    /// Slug of the agent who is alerted.
    agent: String,
}

/// An agent takes what they are alerted to. The same again answers the same.
#[utoipa::path(post, path = "/v1/requests/{request}/accept", tag = "queue",
    params(("request" = String, Path, description = "UUID")), request_body = AnswerAlert,
    security(("api_token" = ["write"])), responses((status = 200, body = Request),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn accept_alert(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(request): Path<String>,
    Body(body): Body<AnswerAlert>,
) -> Answer<Json<Request>> {
    let request = AcceptAlertRequest {
        workspace: caller.workspace.to_string(),
        request,
        agent: AgentId::parse(&body.agent)?.to_string(),
    };
    let accepted = edge.routing.accept_alert(request).await?.request;
    Ok(Json(accepted.ok_or_else(|| Fault::not_found("request"))?.into()))
}

/// An agent does not take what they are alerted to: the next one is alerted.
#[utoipa::path(post, path = "/v1/requests/{request}/decline", tag = "queue",
    params(("request" = String, Path, description = "UUID")), request_body = AnswerAlert,
    security(("api_token" = ["write"])), responses((status = 204),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn decline_alert(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(request): Path<String>,
    Body(body): Body<AnswerAlert>,
) -> Answer<StatusCode> {
    let request = DeclineAlertRequest {
        workspace: caller.workspace.to_string(),
        request,
        agent: AgentId::parse(&body.agent)?.to_string(),
    };
    edge.routing.decline_alert(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartChat {
    /// Slug of the agent who speaks.
    agent: String,
    /// What they say first: 1 to 65,536 bytes in UTF-8.
    text: String,
}

/// A chat that an agent began.
#[derive(Serialize, ToSchema)]
pub struct ChatStarted {
    request: Request,
    /// Short number of the conversation, as customers and agents see it.
    number: u64,
}

/// An agent speaks first to a visitor whom they are alerted to, or whom they took: opens the conversation. The same again
/// answers the same conversation.
#[utoipa::path(post, path = "/v1/requests/{request}/start", tag = "queue",
    params(("request" = String, Path, description = "UUID")), request_body = StartChat,
    security(("api_token" = ["write"])), responses((status = 200, body = ChatStarted),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn start_chat(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(request): Path<String>,
    Body(body): Body<StartChat>,
) -> Answer<Json<ChatStarted>> {
    MessageText::parse(&body.text)?;
    let request = StartChatRequest {
        workspace: caller.workspace.to_string(),
        request,
        agent: AgentId::parse(&body.agent)?.to_string(),
        text: body.text,
    };
    let started = edge.routing.start_chat(request).await?;
    let request = started.request.ok_or_else(|| Fault::not_found("request"))?;
    Ok(Json(ChatStarted {
        request: request.into(),
        number: started.number,
    }))
}

/// Empty: the workspace's own.
fn team(named: String) -> Result<String, domain::Invalid> {
    if !named.is_empty() {
        TeamId::parse(&named)?;
    }
    Ok(named)
}

/// Empty: nobody in person.
pub(super) fn agent(named: Option<String>) -> Result<String, domain::Invalid> {
    let parsed = named.map(|agent| AgentId::parse(&agent)).transpose()?;
    Ok(parsed.map(|agent| agent.to_string()).unwrap_or_default())
}
