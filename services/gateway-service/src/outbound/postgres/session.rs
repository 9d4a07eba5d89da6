use crate::domain::session::Session;
use crate::domain::token::TokenHash;
use domain::{ChannelId, ContactId, ConversationId, Timestamp, VisitorId, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};
use uuid::Uuid;

/// Expired rows that each new one takes with it: more than one, so that they cannot pile up.
const SWEEP: i64 = 20;

pub async fn insert_session(tx: &mut Tx, session: &Session, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "DELETE FROM session WHERE (workspace_id, token_hash) IN (
           SELECT workspace_id, token_hash FROM session WHERE workspace_id = $1 AND expires_at <= $2
           ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)",
        session.workspace.as_str(),
        now.to_sqlx() as _,
        SWEEP,
    )
    .execute(&mut **tx)
    .await
    .or_fault("delete expired sessions")?;
    sqlx::query!(
        "INSERT INTO session (workspace_id, token_hash, visitor, channel, conversation, scope_conversation, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        session.workspace.as_str(),
        &session.hash[..],
        session.visitor.0,
        session.channel.as_str(),
        session.conversation.map(|id| id.0),
        session.scope.map(|id| id.0),
        session.expires_at.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await
    .or_fault("insert session")?;
    Ok(())
}

/// `None` if there is no such session, or it has expired.
pub async fn find_session(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Session>> {
    let row = sqlx::query!(
        r#"SELECT visitor, channel, conversation, scope_conversation, contact, expires_at AS "expires_at: jiff_sqlx::Timestamp"
           FROM session WHERE workspace_id = $1 AND token_hash = $2"#,
        workspace.as_str(),
        &hash[..],
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("select session")?;
    let Some(row) = row else { return Ok(None) };
    let session = Session {
        workspace: workspace.clone(),
        hash: *hash,
        visitor: row.visitor.into(),
        channel: ChannelId::parse(&row.channel)?,
        conversation: row.conversation.map(ConversationId),
        scope: row.scope_conversation.map(ConversationId),
        contact: row.contact.map(ContactId),
        expires_at: row.expires_at.to_jiff(),
    };
    Ok(session.is_live(now).then_some(session))
}

pub async fn extend_session(tx: &mut Tx, session: &Session) -> Result<()> {
    sqlx::query!(
        "UPDATE session SET expires_at = $3 WHERE workspace_id = $1 AND token_hash = $2",
        session.workspace.as_str(),
        &session.hash[..],
        session.expires_at.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await
    .or_fault("extend session")?;
    Ok(())
}

/// Notes which conversation the session is in from now on.
pub async fn enter_conversation(tx: &mut Tx, session: &Session, conversation: ConversationId) -> Result<()> {
    sqlx::query!(
        "UPDATE session SET conversation = $3 WHERE workspace_id = $1 AND token_hash = $2",
        session.workspace.as_str(),
        &session.hash[..],
        conversation.0,
    )
    .execute(&mut **tx)
    .await
    .or_fault("update session's conversation")?;
    Ok(())
}

/// Notes who the visitor is; false where somebody else was noted than `session` knows.
pub async fn identify_session(tx: &mut Tx, session: &Session, contact: ContactId) -> Result<bool> {
    let written = sqlx::query!(
        "UPDATE session SET contact = $3
         WHERE workspace_id = $1 AND token_hash = $2 AND (contact IS NOT DISTINCT FROM $4 OR contact = $3)",
        session.workspace.as_str(),
        &session.hash[..],
        contact.0,
        session.contact.map(|known| known.0),
    )
    .execute(&mut **tx)
    .await
    .or_fault("update session's contact")?;
    Ok(written.rows_affected() == 1)
}

/// Deletes the sessions of these visitors, and those out of return links to these conversations; says how many.
pub async fn erase_sessions(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    visitors: &[VisitorId],
    conversations: &[ConversationId],
) -> Result<u64> {
    let visitors: Vec<Uuid> = visitors.iter().map(|visitor| visitor.0).collect();
    let conversations: Vec<Uuid> = conversations.iter().map(|conversation| conversation.0).collect();
    let of_visitors = sqlx::query!(
        "DELETE FROM session WHERE workspace_id = $1 AND visitor = ANY($2)",
        workspace.as_str(),
        &visitors,
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase sessions of visitors")?;
    let of_links = sqlx::query!(
        "DELETE FROM session WHERE workspace_id = $1 AND scope_conversation = ANY($2)",
        workspace.as_str(),
        &conversations,
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase sessions of links")?;
    Ok(of_visitors.rows_affected() + of_links.rows_affected())
}
