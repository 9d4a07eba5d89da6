//! How long what was said is kept, and which conversations were resolved so long ago.

use super::{loaded, stored};
use crate::domain::retention::Retention;
use domain::{ContactId, ConversationId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// As it is, locked until the transaction ends; `None`: nobody has set it.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Option<Retention>> {
    let row = sqlx::query!(
        "SELECT days, version, by, set_at, applied_at, erased FROM retention WHERE workspace_id = $1 FOR UPDATE",
        workspace.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get retention")?;
    Ok(row.map(|row| Retention {
        days: row.days.unsigned_abs(),
        version: loaded(row.version),
        by: row.by,
        set_at: Some(row.set_at.to_jiff()),
        applied_at: row.applied_at.map(|at| at.to_jiff()),
        erased: loaded(row.erased),
    }))
}

/// Sets it; it is applied at `due`, `None`: not at all. False where somebody else set it first.
pub async fn set(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, next): (Uuid, &Retention),
    due: Option<Timestamp>,
) -> Result<bool> {
    let written = sqlx::query!(
        "INSERT INTO retention (workspace_id, id, days, version, by, set_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace_id) WHERE version > 0 DO UPDATE SET days = excluded.days, version = excluded.version, by = excluded.by,
           set_at = excluded.set_at, due_at = excluded.due_at, leased_until = NULL
         WHERE retention.version = excluded.version - 1",
        workspace.as_str(),
        id,
        i32::try_from(next.days).map_err(Fault::internal)?,
        stored(next.version),
        next.by,
        next.set_at.map(|at| at.to_sqlx()) as _,
        due.map(|at| at.to_sqlx()) as _,
    )
    .execute(db)
    .await
    .or_fault("set retention")?;
    Ok(written.rows_affected() == 1)
}

/// Notes that all was looked at, if it was, and when it goes on; unless it was set anew meanwhile.
pub async fn go_on(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    version: u64,
    (applied_at, due): (Option<Timestamp>, Timestamp),
) -> Result<()> {
    sqlx::query!(
        "UPDATE retention SET applied_at = coalesce($3, applied_at), due_at = $4, leased_until = NULL
         WHERE workspace_id = $1 AND version = $2",
        workspace.as_str(),
        stored(version),
        applied_at.map(|at| at.to_sqlx()) as _,
        due.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("note how far retention is")?;
    Ok(())
}

/// Counts one that lost its words.
pub async fn count(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<()> {
    sqlx::query!(
        "UPDATE retention SET erased = erased + 1 WHERE workspace_id = $1",
        workspace.as_str()
    )
    .execute(db)
    .await
    .or_fault("count what retention erased")?;
    Ok(())
}

/// Conversations that were resolved before then and have their words, the first resolved first.
pub async fn resolved_before(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<ConversationId>> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM conversation WHERE workspace_id = $1 AND resolved_at < $2 AND erased_at IS NULL
         ORDER BY resolved_at, id LIMIT $3",
        workspace.as_str(),
        before.to_sqlx() as _,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list conversations for retention")?;
    Ok(found.into_iter().map(ConversationId::from).collect())
}

/// Forgets where a locked conversation was had and its copies; whose it is stays, so that it is known when they were heard of last.
pub async fn erase_words(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE conversation SET page_url = '', asked = NULL, erased_at = $3 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        conversation.0,
        at.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("erase words of conversation")?;
    sqlx::query!(
        "DELETE FROM transcript WHERE workspace_id = $1 AND conversation_id = $2",
        workspace.as_str(),
        conversation.0,
    )
    .execute(&mut *db)
    .await
    .or_fault("erase transcripts")?;
    Ok(())
}

/// Of each of these contacts that has conversations: whether one is open, and when one was begun or resolved last.
pub async fn activity(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
) -> Result<Vec<(ContactId, bool, Timestamp)>> {
    let contacts: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        r#"SELECT contact_id AS "contact_id!", bool_or(resolved_at IS NULL) AS "open!", max(GREATEST(started_at, resolved_at)) AS "last_at!"
           FROM conversation WHERE workspace_id = $1 AND contact_id = ANY($2) GROUP BY contact_id"#,
        workspace.as_str(),
        &contacts,
    )
    .fetch_all(db)
    .await
    .or_fault("list activity of contacts")?;
    let read = rows
        .into_iter()
        .map(|row| (ContactId(row.contact_id), row.open, row.last_at.to_jiff()));
    Ok(read.collect())
}
