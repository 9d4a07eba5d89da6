//! Conversations that were resolved before anybody asked for them here.

use ::domain::{ConversationId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

pub(crate) async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: ConversationId,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO resolved_conversation (workspace_id, conversation_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        id.0,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert resolved conversation")?;
    Ok(())
}

pub(crate) async fn contains(db: &mut PgConnection, workspace: &WorkspaceId, id: ConversationId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "SELECT 1 FROM resolved_conversation WHERE workspace_id = $1 AND conversation_id = $2",
        workspace.as_str(),
        id.0,
    )
    .fetch_optional(db)
    .await
    .or_fault("find resolved conversation")?;
    Ok(found.is_some())
}
