use super::edge::Edge;
use super::redeem_ticket::refused;
use crate::domain::token::Token;
use crate::outbound::postgres::agent_ticket::take_agent_ticket;
use domain::{AgentId, WorkspaceId};
use fault::Result;

/// Uses a ticket of an agent's up and answers whose it is. UNAUTHENTICATED if it is unknown, used, or late.
pub async fn redeem_agent_ticket(edge: &Edge, ticket: &str) -> Result<(WorkspaceId, AgentId)> {
    let ticket = Token::parse(ticket, "ticket").map_err(|_| refused())?;
    let mut tx = edge.store.begin(ticket.workspace()).await?;
    let agent = take_agent_ticket(&mut tx, &ticket, edge.now()).await?;
    tx.commit().await?;
    Ok((ticket.workspace().clone(), agent.ok_or_else(refused)?))
}
