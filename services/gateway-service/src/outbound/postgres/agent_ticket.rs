use super::SWEEP;
use crate::domain::token::{Token, TokenHash};
use domain::{AgentId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

pub async fn insert_agent_ticket(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    agent: &AgentId,
    ticket: &TokenHash,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "DELETE FROM agent_ticket WHERE (workspace_id, ticket_hash) IN (
           SELECT workspace_id, ticket_hash FROM agent_ticket WHERE workspace_id = $1 AND expires_at <= $2
           ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)",
        workspace.as_str(),
        now.to_sqlx() as _,
        SWEEP,
    )
    .execute(&mut **tx)
    .await
    .or_fault("delete expired tickets of agents")?;
    sqlx::query!(
        "INSERT INTO agent_ticket (workspace_id, ticket_hash, agent, expires_at) VALUES ($1, $2, $3, $4)",
        workspace.as_str(),
        &ticket[..],
        agent.as_str(),
        expires_at.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await
    .or_fault("insert an agent's ticket")?;
    Ok(())
}

/// Uses a ticket up; whose it is. `None` if it is unknown, was used before, or came too late.
pub async fn take_agent_ticket(tx: &mut Tx, ticket: &Token, now: Timestamp) -> Result<Option<AgentId>> {
    let taken = sqlx::query!(
        r#"DELETE FROM agent_ticket WHERE workspace_id = $1 AND ticket_hash = $2
           RETURNING agent, expires_at AS "expires_at: jiff_sqlx::Timestamp""#,
        ticket.workspace().as_str(),
        &ticket.hash()[..],
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("delete an agent's ticket")?;
    let in_time = taken.filter(|taken| now < taken.expires_at.to_jiff());
    Ok(in_time.map(|taken| AgentId::parse(&taken.agent)).transpose()?)
}
