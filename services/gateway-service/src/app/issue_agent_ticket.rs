use super::edge::{Edge, after};
use super::issue_ticket::TICKET_LIFE;
use crate::domain::token::Token;
use crate::outbound::postgres::agent_ticket::insert_agent_ticket;
use domain::{AgentId, Timestamp, WorkspaceId};
use fault::Result;

/// A one-time ticket that opens one socket of the agent's console.
pub async fn issue_agent_ticket(edge: &Edge, workspace: &WorkspaceId, agent: &AgentId) -> Result<(Token, Timestamp)> {
    let now = edge.now();
    let ticket = edge.mint(workspace);
    let expires_at = after(now, TICKET_LIFE)?;
    let mut tx = edge.store.begin(workspace).await?;
    insert_agent_ticket(&mut tx, workspace, agent, &ticket.hash(), expires_at, now).await?;
    tx.commit().await?;
    Ok((ticket, expires_at))
}
