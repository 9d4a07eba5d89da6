//! RoutingService: from messages to use cases and back.

use crate::app::App;
use crate::domain::{Agent, Availability};
use ::domain::{AgentId, TeamId, WorkspaceId};
use events::event::AgentAvailability;
use events::stamp;
use fault::{Fault, Result};
use rpc::routing as wire;
use rpc::routing::routing_service_server::RoutingService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// The rpcs of agents.
pub(crate) struct Routing(pub(crate) App);

impl Routing {
    async fn set_agent_availability(
        &self,
        request: wire::SetAgentAvailabilityRequest,
    ) -> Result<wire::SetAgentAvailabilityResponse> {
        let (workspace, agent) = (WorkspaceId::parse(&request.workspace)?, AgentId::parse(&request.agent)?);
        let availability = read_availability(request.availability())?;
        let agent = self.0.set_agent_availability(&workspace, &agent, availability).await?;
        Ok(wire::SetAgentAvailabilityResponse {
            agent: Some(write_agent(agent)),
        })
    }

    async fn list_agents(&self, request: wire::ListAgentsRequest) -> Result<wire::ListAgentsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let page_size = self.0.page_size(request.page_size)?;
        let after = read_page_token(&request.page_token)?;
        let (agents, next) = self.0.list_agents(&workspace, page_size, after.as_ref()).await?;
        Ok(wire::ListAgentsResponse {
            agents: agents.into_iter().map(write_agent).collect(),
            next_page_token: next.map(|agent| agent.to_string()).unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl RoutingService for Routing {
    async fn set_agent_availability(
        &self,
        request: Request<wire::SetAgentAvailabilityRequest>,
    ) -> Reply<wire::SetAgentAvailabilityResponse> {
        rpc::answer(self.set_agent_availability(request.into_inner()).await)
    }

    async fn list_agents(&self, request: Request<wire::ListAgentsRequest>) -> Reply<wire::ListAgentsResponse> {
        rpc::answer(self.list_agents(request.into_inner()).await)
    }
}

/// Callers pass on what the last page gave them: the id of its last agent.
fn read_page_token(token: &str) -> Result<Option<AgentId>> {
    if token.is_empty() {
        return Ok(None);
    }
    let refuse = |_| Fault::invalid("page_token", "give the next_page_token of the page before, or nothing");
    AgentId::parse(token).map(Some).map_err(refuse)
}

fn read_availability(availability: AgentAvailability) -> Result<Availability> {
    let refused = || Fault::invalid("availability", "must be available, busy, away or offline");
    Availability::from_event(availability).ok_or_else(refused)
}

fn write_agent(agent: Agent) -> wire::Agent {
    wire::Agent {
        agent: agent.id.to_string(),
        availability: AgentAvailability::from(agent.availability).into(),
        since: Some(stamp(agent.since)),
        version: agent.version,
        teams: agent.teams.iter().map(TeamId::to_string).collect(),
        is_connected: agent.is_connected,
        ..Default::default()
    }
}
