//! Conversations of visitors that are not resolved.

use ::domain::{ConversationId, VisitorId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

pub(crate) async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    visitor: VisitorId,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO visitor_conversation (workspace_id, conversation_id, visitor) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        conversation.0,
        visitor.0,
    )
    .execute(db)
    .await
    .or_fault("insert visitor's conversation")?;
    Ok(())
}

pub(crate) async fn delete(db: &mut PgConnection, workspace: &WorkspaceId, conversation: ConversationId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM visitor_conversation WHERE workspace_id = $1 AND conversation_id = $2",
        workspace.as_str(),
        conversation.0,
    )
    .execute(db)
    .await
    .or_fault("delete visitor's conversation")?;
    Ok(())
}

/// Conversations a visitor is in at most, as far as anybody looks.
const MOST: i64 = 20;

/// The conversations that the visitor is in.
pub(crate) async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    visitor: VisitorId,
) -> Result<Vec<ConversationId>> {
    let ids = sqlx::query_scalar!(
        "SELECT conversation_id FROM visitor_conversation WHERE workspace_id = $1 AND visitor = $2 LIMIT $3",
        workspace.as_str(),
        visitor.0,
        MOST,
    )
    .fetch_all(db)
    .await
    .or_fault("list visitor's conversations")?;
    Ok(ids.into_iter().map(ConversationId).collect())
}

/// Is the visitor in a conversation?
pub(crate) async fn exists(db: &mut PgConnection, workspace: &WorkspaceId, visitor: VisitorId) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM visitor_conversation WHERE workspace_id = $1 AND visitor = $2) AS "exists!""#,
        workspace.as_str(),
        visitor.0,
    )
    .fetch_one(db)
    .await
    .or_fault("look for visitor's conversation")
}
