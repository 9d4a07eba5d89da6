//! RoutingService: from messages to use cases and back.

use crate::app::App;
use crate::domain::{Agent, Availability, CAPACITY, Kind, Profile};
use ::domain::{AgentId, Language, TeamId, WorkspaceId};
use events::common::ChannelKind;
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

    async fn set_agent_profile(&self, request: wire::SetAgentProfileRequest) -> Result<wire::SetAgentProfileResponse> {
        let (workspace, agent) = (WorkspaceId::parse(&request.workspace)?, AgentId::parse(&request.agent)?);
        let profile = read_profile(request.profile.unwrap_or_default())?;
        let agent = self.0.set_agent_profile(&workspace, &agent, &profile).await?;
        Ok(wire::SetAgentProfileResponse {
            agent: Some(write_agent(agent)),
        })
    }

    async fn get_agent(&self, request: wire::GetAgentRequest) -> Result<wire::GetAgentResponse> {
        let (workspace, agent) = (WorkspaceId::parse(&request.workspace)?, AgentId::parse(&request.agent)?);
        let agent = self.0.get_agent(&workspace, &agent).await?;
        Ok(wire::GetAgentResponse {
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

    async fn set_agent_profile(
        &self,
        request: Request<wire::SetAgentProfileRequest>,
    ) -> Reply<wire::SetAgentProfileResponse> {
        rpc::answer(self.set_agent_profile(request.into_inner()).await)
    }

    async fn get_agent(&self, request: Request<wire::GetAgentRequest>) -> Reply<wire::GetAgentResponse> {
        rpc::answer(self.get_agent(request.into_inner()).await)
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

fn read_profile(profile: wire::AgentProfile) -> Result<Profile> {
    let languages = profile.languages.iter().map(|code| {
        let refuse = |invalid: ::domain::Invalid| invalid.of("profile.languages");
        Ok(Language::parse(code).map_err(refuse)?)
    });
    let capacity = profile.capacity.iter().map(|chats| {
        let unknown = || Fault::invalid("profile.capacity", "names a kind of channel that is not known");
        Ok((Kind::from_wire(chats.kind()).ok_or_else(unknown)?, chats.chats))
    });
    Ok(Profile::new(
        languages.collect::<Result<_>>()?,
        capacity.collect::<Result<_>>()?,
    )?)
}

/// A capacity that nobody set is left out.
fn write_agent(agent: Agent) -> wire::Agent {
    let chats = |kind: Kind, chats| wire::Chats {
        kind: ChannelKind::from(kind).into(),
        chats,
    };
    let set = agent.loads.iter().filter(|(_, load)| load.capacity != CAPACITY);
    let used = agent.loads.iter().filter(|(_, load)| load.in_use > 0);
    let profile = wire::AgentProfile {
        languages: agent
            .languages
            .iter()
            .map(|language| language.code().to_owned())
            .collect(),
        capacity: set.map(|(kind, load)| chats(*kind, load.capacity)).collect(),
    };
    wire::Agent {
        agent: agent.id.to_string(),
        availability: AgentAvailability::from(agent.availability).into(),
        since: Some(stamp(agent.since)),
        version: agent.version,
        teams: agent.teams.iter().map(TeamId::to_string).collect(),
        is_connected: agent.is_connected,
        in_use: used.map(|(kind, load)| chats(*kind, load.in_use)).collect(),
        profile: Some(profile),
    }
}
