use super::edge::{Edge, after};
use super::issue_ticket::TICKET_LIFE;
use crate::domain::token::Token;
use crate::outbound::postgres::agent_ticket::insert_agent_ticket;
use domain::{AgentId, Timestamp, WorkspaceId};
use fault::{Fault, Kind, Result, codes};
use rpc::conversation::GetAgentRequest;

/// A one-time ticket that opens one socket of the agent's console. Refuses agents who do not exist.
pub async fn issue_agent_ticket(edge: &Edge, workspace: &WorkspaceId, agent: &AgentId) -> Result<(Token, Timestamp)> {
    let asked = GetAgentRequest {
        workspace: workspace.to_string(),
        agent: agent.to_string(),
    };
    match edge.conversations.get_agent(asked).await {
        Err(fault) if fault.kind() == Kind::NotFound => {
            let remedy = format!("names {agent}, who does not exist; create them first");
            return Err(Fault::new(&codes::NOT_FOUND, remedy).of("agent"));
        }
        found => found?,
    };
    let now = edge.now();
    let ticket = edge.mint(workspace);
    let expires_at = after(now, TICKET_LIFE)?;
    let mut tx = edge.store.begin(workspace).await?;
    insert_agent_ticket(&mut tx, workspace, agent, &ticket.hash(), expires_at, now).await?;
    tx.commit().await?;
    Ok((ticket, expires_at))
}
