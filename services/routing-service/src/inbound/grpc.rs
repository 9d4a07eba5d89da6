use crate::app::list_agents::list_agents;
use crate::app::set_agent_availability::set_agent_availability;
use crate::domain::{Agent, Availability, PageSize};
use crate::outbound::postgres::agent::Agents;
use ::domain::{AgentId, Clock, WorkspaceId};
use events::event::AgentAvailability;
use fault::{Fault, Result};
use rpc::routing as wire;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Answers the rpcs of `homing.routing.v1`.
pub(crate) struct Routing {
    agents: Agents,
    clock: Arc<dyn Clock>,
    page_size: PageSize,
}

impl Routing {
    pub(crate) fn new(agents: Agents, clock: Arc<dyn Clock>, page_size: PageSize) -> Self {
        Self {
            agents,
            clock,
            page_size,
        }
    }
}

#[tonic::async_trait]
impl wire::routing_service_server::RoutingService for Routing {
    async fn set_agent_availability(
        &self,
        request: Request<wire::SetAgentAvailabilityRequest>,
    ) -> Result<Response<wire::SetAgentAvailabilityResponse>, Status> {
        let request = request.into_inner();
        let answer = async {
            let (workspace, agent) = (WorkspaceId::parse(&request.workspace)?, AgentId::parse(&request.agent)?);
            let availability = read_availability(request.availability())?;
            let agent = set_agent_availability(&self.agents, &*self.clock, &workspace, &agent, availability).await?;
            Ok(wire::SetAgentAvailabilityResponse {
                agent: Some(write_agent(agent)),
            })
        };
        rpc::answer(answer.await)
    }

    async fn list_agents(
        &self,
        request: Request<wire::ListAgentsRequest>,
    ) -> Result<Response<wire::ListAgentsResponse>, Status> {
        let request = request.into_inner();
        let answer = async {
            let workspace = WorkspaceId::parse(&request.workspace)?;
            let page_size = match request.page_size {
                0 => self.page_size,
                size => PageSize::new(size)?,
            };
            let after = read_page_token(&request.page_token)?;
            let (agents, next) = list_agents(&self.agents, &workspace, page_size, after.as_ref()).await?;
            Ok(wire::ListAgentsResponse {
                agents: agents.into_iter().map(write_agent).collect(),
                next_page_token: next.map(|agent| agent.to_string()).unwrap_or_default(),
            })
        };
        rpc::answer(answer.await)
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
        since: Some(events::stamp(agent.since)),
        version: agent.version,
        ..Default::default()
    }
}
