//! Agents: made by conversation-service, given chats by routing-service; by gRPC to both.

use std::process::ExitCode;

use anyhow::{Context, Result};
use events::common::ChannelKind;
use events::event::AgentAvailability;
use fault::{Fault, codes};
use rpc::conversation::CreateAgentRequest;
use rpc::routing::routing_service_client::RoutingServiceClient;
use rpc::routing::{
    Agent, AgentProfile, Chats, ListAgentsRequest, SetAgentAvailabilityRequest, SetAgentProfileRequest,
};
use serde_json::{Map, Value, json};
use tonic::transport::Channel;

use super::agent_record;
use crate::args::{AgentCommand, Availability};
use crate::call::{call, pages};
use crate::output::Out;
use crate::show::{rfc3339, word};
use crate::stack::{Endpoints, Service};

/// What stands before a kind's word on the wire.
const KIND: &str = "CHANNEL_KIND_";

fn client() -> Result<RoutingServiceClient<Channel>> {
    Ok(RoutingServiceClient::new(Endpoints::connect(Service::Routing)?))
}

pub(crate) async fn run(command: AgentCommand, out: &Out) -> Result<ExitCode> {
    match command {
        AgentCommand::Create {
            workspace,
            agent,
            name,
            teams,
            email,
        } => {
            let request = CreateAgentRequest {
                workspace,
                agent,
                display_name: name,
                teams,
                email,
            };
            agent_record::create(out, request).await?;
        }
        AgentCommand::Update {
            workspace,
            agent,
            name,
            teams,
            no_team,
            email,
        } => {
            let teams = Some(teams).filter(|teams| no_team || !teams.is_empty());
            let change = agent_record::Change { name, teams, email };
            agent_record::update(out, workspace, agent, change).await?;
        }
        AgentCommand::Show { workspace, agent } => agent_record::show(out, workspace, agent).await?,
        AgentCommand::List { workspace } => list(out, workspace).await?,
        AgentCommand::Profile {
            workspace,
            agent,
            languages,
            capacity,
        } => {
            let capacity = capacity.iter().map(|text| chats(text)).collect::<Result<_>>()?;
            let request = SetAgentProfileRequest {
                workspace,
                agent,
                profile: Some(AgentProfile { languages, capacity }),
            };
            let set = call!(client()?, set_agent_profile, request)?.agent;
            tell(out, &set.context("an empty answer")?)?;
        }
        AgentCommand::Status {
            workspace,
            agent,
            availability: Some(availability),
        } => {
            let request = SetAgentAvailabilityRequest {
                workspace,
                agent,
                availability: on_wire(availability).into(),
            };
            let set = call!(client()?, set_agent_availability, request)?.agent;
            tell(out, &set.context("an empty answer")?)?;
        }
        AgentCommand::Status { workspace, agent, .. } => {
            let all = agents(workspace).await?;
            let found = all.iter().find(|one| one.agent == agent);
            let remedy = "has told no status yet, or does not exist ('homing agent show'); name a status to set it";
            tell(
                out,
                found.ok_or_else(|| Fault::new(&codes::NOT_FOUND, remedy).of("agent"))?,
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads `web=4`.
fn chats(text: &str) -> Result<Chats> {
    let parts = text.split_once('=');
    let read = parts.and_then(|(kind, chats)| {
        let kind = ChannelKind::from_str_name(&format!("{KIND}{}", kind.to_ascii_uppercase()))?;
        Some(Chats {
            kind: kind.into(),
            chats: chats.parse().ok()?,
        })
    });
    let remedy = "needs the form web=4, with web, sms, email, whatsapp, facebook, instagram or voice";
    Ok(read.ok_or_else(|| Fault::invalid("capacity", remedy))?)
}

fn on_wire(availability: Availability) -> AgentAvailability {
    match availability {
        Availability::Available => AgentAvailability::Available,
        Availability::Busy => AgentAvailability::Busy,
        Availability::Away => AgentAvailability::Away,
        Availability::Offline => AgentAvailability::Offline,
    }
}

async fn agents(workspace: String) -> Result<Vec<Agent>> {
    let request = ListAgentsRequest {
        workspace,
        ..Default::default()
    };
    Ok(pages!(client()?, list_agents, request, agents, u32::MAX))
}

async fn list(out: &Out, workspace: String) -> Result<()> {
    let all = agents(workspace).await?;
    if out.json() {
        return out.document(&all.iter().map(document).collect::<Vec<Value>>());
    }
    let rows = all.iter().map(|one| {
        vec![
            one.agent.clone(),
            status(one),
            if one.is_connected { "yes" } else { "no" }.to_owned(),
            one.teams.join(", "),
            held(&one.in_use),
        ]
    });
    out.table(
        &["agent", "status", "connected", "teams", "holds"],
        &rows.collect::<Vec<_>>(),
    )
}

fn tell(out: &Out, agent: &Agent) -> Result<()> {
    if out.json() {
        out.document(&document(agent))
    } else {
        out.line(status(agent))
    }
}

fn status(agent: &Agent) -> String {
    word(agent.availability().as_str_name(), "AGENT_AVAILABILITY_")
}

fn document(agent: &Agent) -> Value {
    let profile = agent.profile.clone().unwrap_or_default();
    json!({
        "agent": agent.agent,
        "availability": status(agent),
        "since": rfc3339(agent.since.as_ref()),
        "version": agent.version,
        "teams": agent.teams,
        "profile": { "languages": profile.languages, "capacity": by_kind(&profile.capacity) },
        "is_connected": agent.is_connected,
        "in_use": by_kind(&agent.in_use),
    })
}

fn kind(chats: &Chats) -> String {
    let kind = ChannelKind::try_from(chats.kind).unwrap_or_default();
    word(kind.as_str_name(), KIND)
}

fn by_kind(chats: &[Chats]) -> Map<String, Value> {
    chats.iter().map(|one| (kind(one), one.chats.into())).collect()
}

fn held(chats: &[Chats]) -> String {
    let each = chats.iter().map(|one| format!("{} {}", one.chats, kind(one)));
    each.collect::<Vec<_>>().join(", ")
}
