//! Copies of conversations that were asked for.

use super::{loaded, stored};
use crate::domain::transcript::Transcript;
use domain::{ConversationId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// The one that was asked for under this id.
pub async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    request_id: &str,
) -> Result<Option<Transcript>> {
    let row = sqlx::query!(
        r#"SELECT id, email_address, up_to_seq, at AS "at: jiff_sqlx::Timestamp" FROM transcript
           WHERE workspace_id = $1 AND conversation_id = $2 AND request_id = $3"#,
        workspace.as_str(),
        conversation.0,
        request_id
    )
    .fetch_optional(db)
    .await
    .or_fault("get transcript")?;
    Ok(row.map(|row| Transcript {
        id: row.id.into(),
        email: row.email_address.into(),
        up_to_seq: loaded(row.up_to_seq),
        at: row.at.to_jiff(),
    }))
}

/// How many were asked for since a moment.
pub async fn count(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    since: Timestamp,
) -> Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM transcript WHERE workspace_id = $1 AND conversation_id = $2 AND at >= $3"#,
        workspace.as_str(),
        conversation.0,
        since.to_sqlx() as _
    )
    .fetch_one(db)
    .await
    .or_fault("count transcripts")
}

pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    request_id: &str,
    new: &Transcript,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO transcript (workspace_id, conversation_id, request_id, id, email_address, up_to_seq, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        workspace.as_str(),
        conversation.0,
        request_id,
        new.id.0,
        new.email.0,
        stored(new.up_to_seq),
        new.at.to_sqlx() as _
    )
    .execute(db)
    .await
    .or_fault("insert transcript")?;
    Ok(())
}
