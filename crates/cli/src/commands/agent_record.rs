//! What conversation-service knows of agents: name, teams and address; by gRPC to it.

use anyhow::{Context, Result};
use prost_types::FieldMask;
use rpc::conversation::{Agent, CreateAgentRequest, GetAgentRequest, UpdateAgentRequest};
use serde_json::json;

use super::channel::client;
use crate::call::call;
use crate::output::Out;

pub(super) async fn create(out: &Out, request: CreateAgentRequest) -> Result<()> {
    let agent = request.agent.clone();
    call!(client()?, create_agent, request)?;
    if out.json() {
        out.document(&json!({ "agent": agent }))
    } else {
        out.line(agent)
    }
}

/// What to change; `None`: as it is.
pub(super) struct Change {
    pub(super) name: Option<String>,
    pub(super) teams: Option<Vec<String>>,
    pub(super) email: Option<String>,
}

pub(super) async fn update(out: &Out, workspace: String, agent: String, change: Change) -> Result<()> {
    let named = [
        ("display_name", change.name.is_some()),
        ("teams", change.teams.is_some()),
        ("email", change.email.is_some()),
    ];
    let paths = named.into_iter().filter(|(_, is_named)| *is_named);
    let request = UpdateAgentRequest {
        workspace,
        agent: Some(Agent {
            agent,
            display_name: change.name.unwrap_or_default(),
            teams: change.teams.unwrap_or_default(),
            email: change.email.unwrap_or_default(),
            teams_version: 0,
        }),
        mask: Some(FieldMask {
            paths: paths.map(|(path, _)| path.to_owned()).collect(),
        }),
    };
    let changed = call!(client()?, update_agent, request)?.agent;
    tell(out, &changed.context("an empty answer")?)
}

pub(super) async fn show(out: &Out, workspace: String, agent: String) -> Result<()> {
    let found = call!(client()?, get_agent, GetAgentRequest { workspace, agent })?.agent;
    tell(out, &found.context("an empty answer")?)
}

fn tell(out: &Out, agent: &Agent) -> Result<()> {
    if out.json() {
        return out.document(&json!({
            "agent": agent.agent,
            "display_name": agent.display_name,
            "teams": agent.teams,
            "email": agent.email,
        }));
    }
    let row = [&agent.agent, &agent.display_name, &agent.teams.join(", "), &agent.email].map(Clone::clone);
    out.table(&["agent", "name", "teams", "email"], &[row.to_vec()])
}
