//! Who has a conversation, as routing-service tells.

use super::{known, stored};
use crate::domain::assignee::{Assignee, AssigneeKind, Told};
use domain::{ConversationId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;
use uuid::Uuid;

/// Keeps what was told unless something newer was.
pub async fn set(db: &mut PgConnection, workspace: &WorkspaceId, told: &Told) -> Result<()> {
    let assignee = told.assignee.as_ref();
    sqlx::query!(
        "INSERT INTO assignee AS a (workspace_id, conversation_id, request_id, version, kind, assignee)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, conversation_id)
           DO UPDATE SET request_id = excluded.request_id, version = excluded.version, kind = excluded.kind,
             assignee = excluded.assignee
           WHERE (a.request_id, a.version) < (excluded.request_id, excluded.version)",
        workspace.as_str(),
        told.conversation.0,
        told.request.0,
        stored(told.version),
        assignee.map(|assignee| assignee.kind.word()),
        assignee.map(|assignee| assignee.id.as_str()),
    )
    .execute(db)
    .await
    .or_fault("set who has a conversation")?;
    Ok(())
}

/// Who has these conversations; those that nobody has are not among them.
pub async fn of(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversations: &[ConversationId],
) -> Result<HashMap<ConversationId, Assignee>> {
    let ids: Vec<Uuid> = conversations.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT conversation_id, kind AS "kind!", assignee AS "assignee!" FROM assignee
           WHERE workspace_id = $1 AND conversation_id = ANY ($2) AND kind IS NOT NULL"#,
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("get who has conversations")?;
    let found = rows.into_iter().map(|row| {
        let assignee = Assignee {
            kind: known(AssigneeKind::from_word(&row.kind), "assignee.kind")?,
            id: row.assignee,
        };
        Ok((row.conversation_id.into(), assignee))
    });
    found.collect()
}
