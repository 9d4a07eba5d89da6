//! Who answers, and whether they take chats.

use super::extract::{Admin, Body, May, Params, Read, Write};
use super::problem::Answer;
use super::sessions::{NO_STORE, Ticket};
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use crate::app::issue_agent_ticket::issue_agent_ticket;
use crate::domain::request::Availability;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use domain::AgentId;
use events::common::ChannelKind;
use fault::Fault;
use rpc::routing::{self as wire, ListAgentsRequest, SetAgentAvailabilityRequest, SetAgentProfileRequest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// An agent as the queue sees them.
#[derive(Serialize, ToSchema)]
pub struct Agent {
    agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability: Option<Availability>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Grows by one with each change.
    version: u64,
    /// Slugs of their teams.
    teams: Vec<String>,
    profile: Profile,
    /// False: their console lost its connection, or left. True also for agents without a console here.
    is_connected: bool,
    /// What they hold or are alerted to, by kind of channel; kinds without any are left out.
    in_use: BTreeMap<String, u32>,
}

/// What an agent can take.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Languages (en, pl, fr) they speak; empty: all.
    #[serde(default)]
    languages: Vec<String>,
    /// Chats at once by kind of channel (web, sms, email, whatsapp, facebook, instagram or voice), 0 to 100; a kind that is not
    /// named: 3.
    #[serde(
        default,
        deserialize_with = "serde_with::rust::maps_duplicate_key_is_error::deserialize"
    )]
    capacity: BTreeMap<String, u32>,
}

impl Profile {
    fn on_wire(self) -> Result<wire::AgentProfile, Fault> {
        let chats = |(kind, chats): (String, u32)| {
            let known = ChannelKind::from_str_name(&format!("{KIND}{}", kind.to_ascii_uppercase()));
            let kind = known.filter(|known| *known != ChannelKind::Unspecified);
            let remedy = "names web, sms, email, whatsapp, facebook, instagram or voice, and a number for each";
            let kind = kind.ok_or_else(|| Fault::invalid("capacity", remedy))?;
            Ok(wire::Chats {
                kind: kind.into(),
                chats,
            })
        };
        Ok(wire::AgentProfile {
            languages: self.languages,
            capacity: self.capacity.into_iter().map(chats).collect::<Result<_, Fault>>()?,
        })
    }
}

/// What stands before a kind's word on the wire.
const KIND: &str = "CHANNEL_KIND_";

fn by_kind(chats: Vec<wire::Chats>) -> BTreeMap<String, u32> {
    let named = chats.into_iter().filter_map(|one| {
        let kind = ChannelKind::try_from(one.kind).unwrap_or_default();
        Some((word(kind.as_str_name(), KIND)?, one.chats))
    });
    named.collect()
}

impl From<wire::Agent> for Agent {
    fn from(found: wire::Agent) -> Self {
        let profile = found.profile.clone().unwrap_or_default();
        Self {
            availability: Availability::of_wire(found.availability()),
            agent: found.agent,
            since: time(found.since),
            version: found.version,
            teams: found.teams,
            profile: Profile {
                languages: profile.languages,
                capacity: by_kind(profile.capacity),
            },
            is_connected: found.is_connected,
            in_use: by_kind(found.in_use),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAgents {
    /// 1 to 500; 100 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of agents.
#[derive(Serialize, ToSchema)]
pub struct AgentPage {
    agents: Vec<Agent>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// Agents who have a status, by id.
#[utoipa::path(get, path = "/v1/agents", tag = "queue", params(ListAgents), security(("api_token" = ["read"])),
    responses((status = 200, body = AgentPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_agents(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<ListAgents>,
) -> Answer<Json<AgentPage>> {
    let request = ListAgentsRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.routing.list_agents(request).await?;
    Ok(Json(AgentPage {
        agents: page.agents.into_iter().map(Agent::from).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAgentAvailability {
    availability: Availability,
}

/// Sets an agent's status. Who becomes available is given what waits; who goes offline loses what they hold to the front of
/// the queue. The same again changes nothing.
#[utoipa::path(put, path = "/v1/agents/{agent}/availability", tag = "queue",
    params(("agent" = String, Path, description = "Slug")), request_body = SetAgentAvailability,
    security(("api_token" = ["write"])), responses((status = 200, body = Agent),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_agent_availability(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(agent): Path<String>,
    Body(body): Body<SetAgentAvailability>,
) -> Answer<Json<Agent>> {
    let request = SetAgentAvailabilityRequest {
        workspace: caller.workspace.to_string(),
        agent: AgentId::parse(&agent)?.to_string(),
        availability: body.availability.on_wire().into(),
    };
    let answer = edge.routing.set_agent_availability(request).await?;
    Ok(Json(answer.agent.ok_or_else(|| Fault::not_found("agent"))?.into()))
}

/// Sets what an agent can take, as a whole: what is left out gets its default.
#[utoipa::path(put, path = "/v1/agents/{agent}/profile", tag = "queue",
    params(("agent" = String, Path, description = "Slug")), request_body = Profile,
    security(("api_token" = ["admin"])), responses((status = 200, body = Agent),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_agent_profile(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(agent): Path<String>,
    Body(body): Body<Profile>,
) -> Answer<Json<Agent>> {
    let request = SetAgentProfileRequest {
        workspace: caller.workspace.to_string(),
        agent: AgentId::parse(&agent)?.to_string(),
        profile: Some(body.on_wire()?),
    };
    let answer = edge.routing.set_agent_profile(request).await?;
    Ok(Json(answer.agent.ok_or_else(|| Fault::not_found("agent"))?.into()))
}

/// A ticket that opens one socket of this agent's console. Ask for it where the agent is known to be who they say: whoever holds
/// it acts as them.
#[utoipa::path(post, path = "/v1/agents/{agent}/tickets", tag = "queue",
    params(("agent" = String, Path, description = "Slug")), security(("api_token" = ["write"])),
    responses((status = 200, body = Ticket),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn post_agent_ticket(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(agent): Path<String>,
) -> Answer<impl IntoResponse> {
    let (ticket, expires_at) = issue_agent_ticket(&edge, &caller.workspace, &AgentId::parse(&agent)?).await?;
    Ok((NO_STORE, Json(Ticket::new(&ticket, expires_at))))
}
