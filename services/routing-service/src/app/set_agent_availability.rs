use crate::domain::{Agent, Availability};
use crate::outbound::postgres::agent::Agents;
use ::domain::{AgentId, Clock, WorkspaceId};
use fault::{Kind, Result};

/// Two calls that both see a new agent: the second finds the first one's row when it tries again.
const TRIES: u32 = 3;

/// Sets an agent's availability and tells it as a fact, unless it is what they said last.
pub(crate) async fn set_agent_availability(
    agents: &Agents,
    clock: &dyn Clock,
    workspace: &WorkspaceId,
    id: &AgentId,
    availability: Availability,
) -> Result<Agent> {
    let mut tries = 1;
    loop {
        match try_set(agents, clock, workspace, id, availability).await {
            Err(fault) if fault.kind() == Kind::Conflict && tries < TRIES => tries += 1,
            result => return result,
        }
    }
}

async fn try_set(
    agents: &Agents,
    clock: &dyn Clock,
    workspace: &WorkspaceId,
    id: &AgentId,
    availability: Availability,
) -> Result<Agent> {
    let mut tx = agents.begin(workspace).await?;
    let now = clock.now();
    let after = match tx.lock_agent(id).await? {
        None => Agent::first(id.clone(), availability, now),
        Some(agent) => match agent.set_availability(availability, now) {
            None => return Ok(agent),
            Some(after) => after,
        },
    };
    tx.set_agent_availability(&after).await?;
    tx.commit().await?;
    Ok(after)
}
