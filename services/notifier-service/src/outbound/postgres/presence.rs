use super::{signed, word};
use crate::domain::Presence;
use domain::{PresenceCause, PresenceState, Timestamp, VisitorId, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use serde::Deserialize;
use store::{OrFault, Tx};

/// Keeps the place of a visitor that was never seen: what is told of it waits for this transaction.
pub async fn keep_visitor(tx: &mut Tx, workspace: &WorkspaceId, visitor: VisitorId, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "INSERT INTO presence_view (workspace_id, visitor, epoch, version, heard_at) VALUES ($1, $2, 0, 0, $3)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        visitor.0,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("keep visitor's place")?;
    Ok(())
}

#[derive(Deserialize)]
struct Row {
    state: Option<String>,
    cause: Option<String>,
    since: Option<Timestamp>,
    epoch: u64,
    version: u64,
}

/// Reads a row that the database gave as JSON.
pub fn parse(json: serde_json::Value) -> Result<Presence> {
    let row: Row = serde_json::from_value(json).map_err(Fault::internal)?;
    let state = row
        .state
        .map(|text| word("presence_view.state", &text, PresenceState::from_word(&text)))
        .transpose()?;
    Ok(Presence {
        state,
        cause: row.cause.as_deref().and_then(PresenceCause::from_word),
        since: row.since,
        epoch: row.epoch,
        version: row.version,
    })
}

/// Keeps the higher (epoch, version).
pub async fn fold_presence(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    visitor: VisitorId,
    told: &Presence,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO presence_view AS held (workspace_id, visitor, state, cause, since, epoch, version, heard_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (workspace_id, visitor) DO UPDATE SET state = excluded.state, cause = excluded.cause,
           since = excluded.since, epoch = excluded.epoch, version = excluded.version, heard_at = excluded.heard_at
         WHERE (held.epoch, held.version) < (excluded.epoch, excluded.version)",
        workspace.as_str(),
        visitor.0,
        told.state.map(PresenceState::word),
        told.cause.map(PresenceCause::word),
        told.since.map(|since| since.to_sqlx()) as _,
        signed(told.epoch)?,
        signed(told.version)?,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("fold presence")?;
    Ok(())
}

/// Deletes some visitors of all workspaces who were last heard of before `before`; says how many. In a worker's
/// transaction.
pub async fn prune_visitors(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    // Who is heard of meanwhile stays.
    let pruned = sqlx::query!(
        "DELETE FROM presence_view p USING (
           SELECT workspace_id, visitor FROM presence_view WHERE heard_at < $1 LIMIT $2) old
         WHERE p.workspace_id = old.workspace_id AND p.visitor = old.visitor AND p.heard_at < $1",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune visitors")?;
    Ok(pruned.rows_affected())
}
