//! Who has a conversation, and giving it to somebody else.

use super::conversations::resolve_name;
use super::extract::{Body, May, Params, Read, Write};
use super::problem::Answer;
use super::requests::{Request, agent};
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use crate::domain::request::{Assignee, AssigneeKind};
use axum::Json;
use axum::extract::{Path, State};
use domain::AgentId;
use fault::Fault;
use rpc::routing::{self as wire, AssignRequest, ListAssignmentsRequest, TransferRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// To whom a conversation is given.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignTo {
    Agent,
    /// An agent who gets it as an admin: it does not count against their capacity.
    Admin,
    /// It goes into this team's queue.
    Team,
    /// Nobody has it any more.
    None,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    kind: AssignTo,
    /// Slug of the agent or team; nothing with none.
    id: Option<String>,
    /// Slug of the agent who does it.
    by: Option<String>,
}

impl Assign {
    fn assignee(&self) -> fault::Result<Option<wire::Assignee>> {
        let kind = match self.kind {
            AssignTo::Agent => AssigneeKind::Agent,
            AssignTo::Admin => AssigneeKind::Admin,
            AssignTo::Team => AssigneeKind::Team,
            AssignTo::None if self.id.is_some() => {
                return Err(Fault::invalid("id", "does not go with none; leave it out"));
            }
            AssignTo::None => return Ok(None),
        };
        let id = self.id.clone().ok_or_else(|| Fault::invalid("id", "is missing"))?;
        Ok(Some(Assignee { kind, id }.on_wire()))
    }
}

/// Gives a conversation to an agent or an admin at once, whatever they hold, to a team, or to nobody. The same again changes
/// nothing.
#[utoipa::path(put, path = "/v1/conversations/{conversation}/assignee", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number")), request_body = Assign,
    security(("api_token" = ["write"])), responses((status = 200, body = Request),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn assign(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
    Body(body): Body<Assign>,
) -> Answer<Json<Request>> {
    let request = AssignRequest {
        assignee: body.assignee()?,
        by: agent(body.by)?,
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
    };
    let assigned = edge.routing.assign(request).await?.request;
    Ok(Json(assigned.ok_or_else(|| Fault::not_found("conversation"))?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Slug of the agent who serves it now.
    agent: String,
    to: Assignee,
}

/// The agent who serves a conversation passes it on: to the front of a team's queue, or to one agent, for whom it is kept for
/// as long as an alert lasts.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/transfer", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number")), request_body = Transfer,
    security(("api_token" = ["write"])), responses((status = 200, body = Request),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn transfer(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
    Body(body): Body<Transfer>,
) -> Answer<Json<Request>> {
    let request = TransferRequest {
        agent: AgentId::parse(&body.agent)?.to_string(),
        to: Some(body.to.on_wire()),
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
    };
    let passed = edge.routing.transfer(request).await?.request;
    Ok(Json(passed.ok_or_else(|| Fault::not_found("conversation"))?.into()))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAssignments {
    /// Changes with a higher version only.
    #[serde(default)]
    after: u64,
    /// 1 to 500; 100 if left out.
    #[serde(default)]
    page_size: u32,
}

/// One change of who has a conversation.
#[derive(Serialize, ToSchema)]
pub struct Assignment {
    version: u64,
    /// Absent: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<Assignee>,
    /// queued, alerted, accepted, declined, missed, answered, assigned, transferred, vanished, resolved or visitor_left.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// Slug of the agent who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

/// Who a conversation was assigned to.
#[derive(Serialize, ToSchema)]
pub struct Assignments {
    assignments: Vec<Assignment>,
}

/// Who a conversation was assigned to, oldest first.
#[utoipa::path(get, path = "/v1/conversations/{conversation}/assignments", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"), ListAssignments),
    security(("api_token" = ["read"])), responses((status = 200, body = Assignments),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_assignments(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(name): Path<String>,
    Params(params): Params<ListAssignments>,
) -> Answer<Json<Assignments>> {
    let request = ListAssignmentsRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        after_version: params.after,
        page_size: params.page_size,
    };
    let found = edge.routing.list_assignments(request).await?.assignments;
    let assignments = found.into_iter().map(|one| Assignment {
        cause: word(one.cause().as_str_name(), "ASSIGNMENT_CAUSE_"),
        version: one.version,
        assignee: Assignee::of_wire(one.assignee),
        by: optional(one.by),
        at: time(one.at),
    });
    Ok(Json(Assignments {
        assignments: assignments.collect(),
    }))
}
