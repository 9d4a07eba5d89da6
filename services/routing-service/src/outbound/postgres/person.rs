//! What is kept of people: which visitors and contacts requests and invitations are about, and where they were.

use super::stored;
use ::domain::{ConversationId, RequestId, VisitorId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// Of whom something is kept.
pub(crate) struct Whose<'a> {
    pub(crate) visitors: &'a [VisitorId],
    pub(crate) conversations: &'a [ConversationId],
}

impl Whose<'_> {
    fn columns(&self) -> (Vec<Uuid>, Vec<Uuid>) {
        let visitors = self.visitors.iter().map(|id| id.0);
        (visitors.collect(), self.conversations.iter().map(|id| id.0).collect())
    }
}

/// What is kept, as it is kept, by kind, from a place on.
pub(crate) async fn export(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    whose: &Whose<'_>,
    (from, limit): (u64, u64),
) -> Result<Vec<(String, serde_json::Value)>> {
    let (visitors, conversations) = whose.columns();
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", data - 'workspace_id' - 'leased_until' AS "data!" FROM (
             SELECT 1 AS place, 'invitation' AS kind, id::text AS key, to_jsonb(i) AS data FROM invitation i
             WHERE i.workspace_id = $1 AND i.visitor = ANY ($2)
             UNION ALL
             SELECT 2, 'request', id::text, to_jsonb(r) || jsonb_build_object('assignments',
               (SELECT jsonb_agg(to_jsonb(a) - 'workspace_id' ORDER BY a.version) FROM assignment a
                WHERE a.workspace_id = r.workspace_id AND a.request_id = r.id))
             FROM (SELECT * FROM request WHERE workspace_id = $1 AND conversation_id = ANY ($3)
                   UNION SELECT * FROM request WHERE workspace_id = $1 AND visitor_id = ANY ($2)) r) kept
           ORDER BY place, key LIMIT $4 OFFSET $5"#,
        workspace.as_str(),
        &visitors,
        &conversations,
        stored(limit),
        stored(from),
    )
    .fetch_all(db)
    .await
    .or_fault("export requests")?;
    Ok(rows.into_iter().map(|row| (row.kind, row.data)).collect())
}

/// Open requests of visitors to whom nobody has spoken.
pub(crate) async fn list_unbegun(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    whose: &Whose<'_>,
) -> Result<Vec<RequestId>> {
    let (visitors, _) = whose.columns();
    let ids = sqlx::query_scalar!(
        "SELECT id FROM request WHERE workspace_id = $1 AND visitor_id = ANY ($2) AND conversation_id IS NULL
           AND state IN ('waiting', 'alerted', 'serving')",
        workspace.as_str(),
        &visitors,
    )
    .fetch_all(db)
    .await
    .or_fault("list requests of visitors")?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Deletes what visitors were asked; says how much.
pub(crate) async fn erase_invitations(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    whose: &Whose<'_>,
) -> Result<u64> {
    let (visitors, _) = whose.columns();
    let erased = sqlx::query!(
        "DELETE FROM invitation WHERE workspace_id = $1 AND visitor = ANY ($2)",
        workspace.as_str(),
        &visitors,
    )
    .execute(db)
    .await
    .or_fault("erase invitations")?;
    Ok(erased.rows_affected())
}

/// Deletes which conversations visitors are in; says how many.
pub(crate) async fn erase_conversations(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    whose: &Whose<'_>,
) -> Result<u64> {
    let (visitors, conversations) = whose.columns();
    let erased = sqlx::query!(
        "DELETE FROM visitor_conversation WHERE workspace_id = $1 AND (visitor = ANY ($2) OR conversation_id = ANY ($3))",
        workspace.as_str(),
        &visitors,
        &conversations,
    )
    .execute(db)
    .await
    .or_fault("erase visitors' conversations")?;
    Ok(erased.rows_affected())
}

/// Takes out of requests whose they are and where they were; says of how many.
pub(crate) async fn erase_requests(db: &mut PgConnection, workspace: &WorkspaceId, whose: &Whose<'_>) -> Result<u64> {
    let (visitors, conversations) = whose.columns();
    let erased = sqlx::query!(
        "UPDATE request r SET visitor_id = NULL, contact_id = NULL, invitation_id = NULL, page = NULL
         FROM (SELECT id FROM request WHERE workspace_id = $1 AND visitor_id = ANY ($2)
               UNION SELECT id FROM request WHERE workspace_id = $1 AND conversation_id = ANY ($3)) theirs
         WHERE r.workspace_id = $1 AND r.id = theirs.id
           AND (visitor_id IS NOT NULL OR contact_id IS NOT NULL OR invitation_id IS NOT NULL OR page IS NOT NULL)",
        workspace.as_str(),
        &visitors,
        &conversations,
    )
    .execute(db)
    .await
    .or_fault("erase requests")?;
    Ok(erased.rows_affected())
}
