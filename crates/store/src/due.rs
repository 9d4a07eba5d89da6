//! Durable timers: rows with `due_at` and `leased_until`, claimed under the worker role, worked on under their own
//! workspace. A table needs `workspace_id, id, due_at, leased_until`, `homing_worker(table, 'workspace_id, id, due_at,
//! leased_until', 'leased_until')` and two partial indexes: on `due_at` where it is not null, and on `leased_until` where
//! neither is. Who finishes a row sets its next `due_at` (or null) and clears `leased_until`; who dies leaves the row to
//! the next one when the lease ends.

use crate::{OrFault, Store};
use domain::{Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::{AssertSqlSafe, Row};
use std::time::Duration;
use uuid::Uuid;

/// Claims up to `limit` due rows for `lease`.
pub async fn claim(
    store: &Store,
    table: &'static str,
    limit: i64,
    lease: Duration,
) -> Result<Vec<(WorkspaceId, Uuid)>> {
    let now = store.clock().now();
    let until = now.checked_add(lease).map_err(Fault::internal)?;
    let mut tx = store.begin_as_worker().await?;
    let rows = sqlx::query(AssertSqlSafe(format!(
        "WITH due AS (
           SELECT workspace_id, id FROM {table}
           WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
           ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
         UPDATE {table} t SET leased_until = $3 FROM due
         WHERE t.workspace_id = due.workspace_id AND t.id = due.id
         RETURNING t.workspace_id, t.id"
    )))
    .bind(now.to_sqlx())
    .bind(limit)
    .bind(until.to_sqlx())
    .fetch_all(&mut *tx)
    .await
    .or_fault("claim due rows")?;
    tx.commit().await?;
    rows.into_iter()
        .map(|row| {
            let workspace: String = row.try_get("workspace_id").or_fault("read due row")?;
            Ok((
                WorkspaceId::parse(&workspace)?,
                row.try_get("id").or_fault("read due row")?,
            ))
        })
        .collect()
}

/// When the next row is due, or a lease ends. `None`: nothing is armed.
pub async fn next(store: &Store, table: &'static str) -> Result<Option<Timestamp>> {
    let mut tx = store.begin_as_worker().await?;
    let row = sqlx::query(AssertSqlSafe(format!(
        "SELECT LEAST(
           (SELECT due_at FROM {table} WHERE due_at IS NOT NULL AND leased_until IS NULL ORDER BY due_at LIMIT 1),
           (SELECT min(leased_until) FROM {table} WHERE due_at IS NOT NULL AND leased_until IS NOT NULL)) AS at"
    )))
    .fetch_one(&mut *tx)
    .await
    .or_fault("read next due")?;
    let at: Option<jiff_sqlx::Timestamp> = row.try_get("at").or_fault("read next due")?;
    Ok(at.map(|at| at.to_jiff()))
}
