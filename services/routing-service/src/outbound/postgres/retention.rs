//! What is old, of all workspaces, as the worker.

use super::{known, loaded};
use crate::domain::Kind;
use ::domain::Timestamp;
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;

/// Requests deleted at once.
const BATCH: i64 = 1_000;

/// Deletes some of the requests that were done before a time, with their history. Answers how many.
pub(crate) async fn prune_requests(db: &mut PgConnection, before: Timestamp) -> Result<u64> {
    let done = sqlx::query!(
        "WITH old AS (SELECT workspace_id, id FROM request WHERE done_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED),
         history AS (DELETE FROM assignment a USING old WHERE a.workspace_id = old.workspace_id AND a.request_id = old.id)
         DELETE FROM request r USING old WHERE r.workspace_id = old.workspace_id AND r.id = old.id",
        before.to_sqlx() as _,
        BATCH,
    )
    .execute(db)
    .await
    .or_fault("prune requests")?;
    Ok(done.rows_affected())
}

/// Deletes some of the invitations that were over before a time. Answers how many.
pub(crate) async fn prune_invitations(db: &mut PgConnection, before: Timestamp) -> Result<u64> {
    let done = sqlx::query!(
        "WITH old AS (SELECT workspace_id, id FROM invitation
           WHERE state IN ('declined', 'expired', 'ended', 'abandoned') AND changed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
         DELETE FROM invitation i USING old WHERE i.workspace_id = old.workspace_id AND i.id = old.id",
        before.to_sqlx() as _,
        BATCH,
    )
    .execute(db)
    .await
    .or_fault("prune invitations")?;
    Ok(done.rows_affected())
}

/// Forgets which conversations were resolved before a time.
pub(crate) async fn prune_resolved(db: &mut PgConnection, before: Timestamp) -> Result<()> {
    sqlx::query!("DELETE FROM resolved_conversation WHERE at < $1", before.to_sqlx() as _)
        .execute(db)
        .await
        .or_fault("prune resolved conversations")?;
    Ok(())
}

/// How many wait of each kind, and since when the oldest does; of all workspaces.
pub(crate) async fn count_waiting(db: &mut PgConnection) -> Result<HashMap<Kind, (u64, Timestamp)>> {
    let rows = sqlx::query!(
        r#"SELECT kind, count(*) AS "count!", min(waiting_since) AS "since!" FROM request WHERE state = 'waiting' GROUP BY kind"#,
    )
    .fetch_all(db)
    .await
    .or_fault("count who waits")?;
    let found = rows.into_iter().map(|row| {
        let kind = known(Kind::from_word(&row.kind), "request.kind")?;
        Ok((kind, (loaded(row.count), row.since.to_jiff())))
    });
    found.collect()
}
