//! Agents as they are set up: name, teams and address.

use super::extract::{Admin, Body, May};
use super::problem::Answer;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::AgentId;
use fault::Fault;
use prost_types::FieldMask;
use rpc::conversation::{self as wire, GetAgentRequest, UpdateAgentRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// An agent as they are set up.
#[derive(Serialize, ToSchema)]
pub struct AgentRecord {
    agent: String,
    /// Shown to customers.
    display_name: String,
    /// Slugs of their teams.
    teams: Vec<String>,
    /// For reminders while they are not at their console; empty: none.
    email: String,
}

impl AgentRecord {
    fn new(found: Option<wire::Agent>) -> Result<Self, Fault> {
        let found = found.ok_or_else(|| Fault::not_found("agent"))?;
        Ok(Self {
            agent: found.agent,
            display_name: found.display_name,
            teams: found.teams,
            email: found.email,
        })
    }
}

/// What to change; only the fields that are present are meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAgent {
    /// 1 to 60 characters, shown to customers.
    #[serde(default)]
    display_name: Option<String>,
    /// All their teams; what they serve already they keep.
    #[serde(default)]
    teams: Option<Vec<String>>,
    /// For reminders while they are not at their console; empty: none.
    #[serde(default)]
    email: Option<String>,
}

/// An agent's name, teams and address.
#[utoipa::path(get, path = "/v1/agents/{agent}", tag = "workspace",
    params(("agent" = String, Path, description = "Slug")), security(("api_token" = ["admin"])),
    responses((status = 200, body = AgentRecord),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_agent(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(agent): Path<String>,
) -> Answer<Json<AgentRecord>> {
    let request = GetAgentRequest {
        workspace: caller.workspace.to_string(),
        agent: AgentId::parse(&agent)?.to_string(),
    };
    let answer = edge.conversations.get_agent(request).await?;
    Ok(Json(AgentRecord::new(answer.agent)?))
}

/// Changes what is present.
#[utoipa::path(patch, path = "/v1/agents/{agent}", tag = "workspace",
    params(("agent" = String, Path, description = "Slug")), request_body = UpdateAgent,
    security(("api_token" = ["admin"])), responses((status = 200, body = AgentRecord),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn update_agent(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(agent): Path<String>,
    Body(body): Body<UpdateAgent>,
) -> Answer<Json<AgentRecord>> {
    let fields = [
        ("display_name", body.display_name.is_some()),
        ("teams", body.teams.is_some()),
        ("email", body.email.is_some()),
    ];
    let paths = fields.into_iter().filter(|(_, meant)| *meant);
    let paths: Vec<String> = paths.map(|(path, _)| path.to_owned()).collect();
    if paths.is_empty() {
        return Err(Fault::invalid("body", "names nothing to change").into());
    }
    let request = UpdateAgentRequest {
        workspace: caller.workspace.to_string(),
        agent: Some(wire::Agent {
            agent: AgentId::parse(&agent)?.to_string(),
            display_name: body.display_name.unwrap_or_default(),
            teams: body.teams.unwrap_or_default(),
            email: body.email.unwrap_or_default(),
            teams_version: 0,
        }),
        mask: Some(FieldMask { paths }),
    };
    let answer = edge.conversations.update_agent(request).await?;
    Ok(Json(AgentRecord::new(answer.agent)?))
}
