//! Which teams are open, as far as their opening hours say. A team without a row is open.

use super::{loaded, stored};
use crate::domain::Opening;
use ::domain::{TeamId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// The team of a row whose time came.
pub(crate) async fn team_of(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid) -> Result<Option<TeamId>> {
    let team = sqlx::query_scalar!(
        "SELECT team FROM team_opening WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id,
    )
    .fetch_optional(db)
    .await
    .or_fault("get the team of opening hours")?;
    Ok(team.as_deref().map(TeamId::parse).transpose()?)
}

pub(crate) async fn get(db: &mut PgConnection, workspace: &WorkspaceId, team: &TeamId) -> Result<Option<Opening>> {
    let row = sqlx::query!(
        "SELECT is_open, due_at, version FROM team_opening WHERE workspace_id = $1 AND team = $2",
        workspace.as_str(),
        team.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get whether a team is open")?;
    Ok(row.map(|row| Opening {
        is_open: row.is_open,
        until: row.due_at.map(|at: jiff_sqlx::Timestamp| at.to_jiff()),
        version: loaded(row.version),
    }))
}

/// Writes down how a team stands at a moment, unless later hours, or the same at a later moment, said so before. False: they did.
pub(crate) async fn set(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, team): (Uuid, &TeamId),
    told: &Opening,
    at: Timestamp,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO team_opening AS row (workspace_id, id, team, is_open, version, looked_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace_id, team) DO UPDATE SET is_open = excluded.is_open, version = excluded.version,
           looked_at = excluded.looked_at, due_at = excluded.due_at, leased_until = NULL
         WHERE (row.version, row.looked_at) <= (excluded.version, excluded.looked_at)",
        workspace.as_str(),
        id,
        team.as_str(),
        told.is_open,
        stored(told.version),
        at.to_sqlx() as _,
        told.until.map(|until| until.to_sqlx()) as _,
    )
    .execute(db)
    .await
    .or_fault("set whether a team is open")?;
    Ok(done.rows_affected() == 1)
}

/// Teams that are closed.
pub(crate) async fn list_closed(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<TeamId>> {
    let teams = sqlx::query_scalar!(
        "SELECT team FROM team_opening WHERE workspace_id = $1 AND NOT is_open ORDER BY team",
        workspace.as_str(),
    )
    .fetch_all(db)
    .await
    .or_fault("list the teams that are closed")?;
    teams.iter().map(|team| Ok(TeamId::parse(team)?)).collect()
}
