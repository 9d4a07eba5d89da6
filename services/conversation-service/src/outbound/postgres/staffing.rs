//! Whether visitors find somebody, as routing-service tells.

use super::stored;
use domain::{TeamId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

pub async fn set(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: Option<&TeamId>,
    is_staffed: bool,
    version: u64,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO team_staffing AS s (workspace_id, team, is_staffed, version) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, team) DO UPDATE SET is_staffed = excluded.is_staffed, version = excluded.version
           WHERE s.version < excluded.version",
        workspace.as_str(),
        team.map_or("", TeamId::as_str),
        is_staffed,
        stored(version),
    )
    .execute(db)
    .await
    .or_fault("set a team's staffing")?;
    Ok(())
}

/// True if it was told that nobody of the team (`None`: of the workspace) can be given a chat. Of teams of which nothing was
/// told, nothing is known.
pub async fn is_nobody_there(db: &mut PgConnection, workspace: &WorkspaceId, team: Option<&TeamId>) -> Result<bool> {
    let told = sqlx::query_scalar!(
        "SELECT is_staffed FROM team_staffing WHERE workspace_id = $1 AND team = $2",
        workspace.as_str(),
        team.map_or("", TeamId::as_str),
    )
    .fetch_optional(db)
    .await
    .or_fault("look whether anybody is there")?;
    Ok(told == Some(false))
}
