use super::SWEEP;
use super::session::find_session;
use crate::domain::session::Session;
use crate::domain::token::{Token, TokenHash};
use domain::Timestamp;
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

pub async fn insert_ticket(
    tx: &mut Tx,
    session: &Session,
    ticket: &TokenHash,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "DELETE FROM ticket WHERE (workspace_id, ticket_hash) IN (
           SELECT workspace_id, ticket_hash FROM ticket WHERE workspace_id = $1 AND expires_at <= $2
           ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)",
        session.workspace.as_str(),
        now.to_sqlx() as _,
        SWEEP,
    )
    .execute(&mut **tx)
    .await
    .or_fault("delete expired tickets")?;
    sqlx::query!(
        "INSERT INTO ticket (workspace_id, ticket_hash, session_hash, expires_at) VALUES ($1, $2, $3, $4)",
        session.workspace.as_str(),
        &ticket[..],
        &session.hash[..],
        expires_at.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await
    .or_fault("insert ticket")?;
    Ok(())
}

/// Uses a ticket up. `None` if it is unknown, was used before, or came too late.
pub async fn take_ticket(tx: &mut Tx, ticket: &Token, now: Timestamp) -> Result<Option<Session>> {
    let taken = sqlx::query!(
        r#"DELETE FROM ticket WHERE workspace_id = $1 AND ticket_hash = $2
           RETURNING session_hash, expires_at AS "expires_at: jiff_sqlx::Timestamp""#,
        ticket.workspace().as_str(),
        &ticket.hash()[..],
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("delete ticket")?;
    let Some(taken) = taken.filter(|taken| now < taken.expires_at.to_jiff()) else {
        return Ok(None);
    };
    let Ok(hash) = TokenHash::try_from(taken.session_hash.as_slice()) else {
        return Ok(None);
    };
    find_session(tx, ticket.workspace(), &hash, now).await
}
