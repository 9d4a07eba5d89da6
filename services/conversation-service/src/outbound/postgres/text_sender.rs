//! Senders of texts. A key of this table reaches across workspaces, so that no two have the same one; rows of others are
//! never seen.

use crate::domain::sender;
use domain::{TextSender, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// More would make listing slow; nobody has as many numbers.
const MAX_SENDERS: i64 = 1_000;

/// A sender as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    pub sender: TextSender,
    pub at: Timestamp,
}

/// False if the sender is assigned already, to this workspace or another one. Waits for other transactions that are
/// assigning the same.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    sender: &TextSender,
    at: Timestamp,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO text_sender (workspace_id, key, sender, assigned_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        sender::key(sender),
        sender.as_str(),
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert sender")?;
    Ok(done.rows_affected() == 1)
}

/// True if it is this workspace's, and stays so until the transaction ends.
pub async fn hold(db: &mut PgConnection, workspace: &WorkspaceId, sender: &TextSender) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "SELECT key FROM text_sender WHERE workspace_id = $1 AND key = $2 FOR SHARE",
        workspace.as_str(),
        sender::key(sender),
    )
    .fetch_optional(db)
    .await
    .or_fault("hold sender")?;
    Ok(found.is_some())
}

/// Like [`hold`], and nobody else holds it until the transaction ends.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId, sender: &TextSender) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "SELECT key FROM text_sender WHERE workspace_id = $1 AND key = $2 FOR UPDATE",
        workspace.as_str(),
        sender::key(sender),
    )
    .fetch_optional(db)
    .await
    .or_fault("lock sender")?;
    Ok(found.is_some())
}

pub async fn delete(db: &mut PgConnection, workspace: &WorkspaceId, sender: &TextSender) -> Result<()> {
    sqlx::query!(
        "DELETE FROM text_sender WHERE workspace_id = $1 AND key = $2",
        workspace.as_str(),
        sender::key(sender),
    )
    .execute(db)
    .await
    .or_fault("delete sender")?;
    Ok(())
}

/// In order of their keys.
pub async fn list(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<Assigned>> {
    let rows = sqlx::query!(
        r#"SELECT sender, assigned_at AS "assigned_at: jiff_sqlx::Timestamp" FROM text_sender
           WHERE workspace_id = $1 ORDER BY key LIMIT $2"#,
        workspace.as_str(),
        MAX_SENDERS,
    )
    .fetch_all(db)
    .await
    .or_fault("list senders")?;
    rows.into_iter()
        .map(|row| {
            Ok(Assigned {
                sender: TextSender::parse(&row.sender)?,
                at: row.assigned_at.to_jiff(),
            })
        })
        .collect()
}

pub async fn is_full(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<bool> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM text_sender WHERE workspace_id = $1"#,
        workspace.as_str()
    )
    .fetch_one(db)
    .await
    .or_fault("count senders")?;
    Ok(count >= MAX_SENDERS)
}
