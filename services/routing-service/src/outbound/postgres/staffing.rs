//! Whether a visitor finds somebody, by team.

use super::loaded;
use crate::domain::Staffing;
use ::domain::{TeamId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

/// From now on it is told of these teams, and of the workspace, whether they have somebody.
pub(crate) async fn follow(db: &mut PgConnection, workspace: &WorkspaceId, teams: &[TeamId]) -> Result<()> {
    let teams: Vec<String> = teams.iter().map(TeamId::to_string).collect();
    sqlx::query!(
        "INSERT INTO team_staffing (workspace_id, team, is_staffed, version)
         SELECT $1, team, false, 0 FROM unnest(array_append($2::text[], '')) team ON CONFLICT DO NOTHING",
        workspace.as_str(),
        &teams,
    )
    .execute(db)
    .await
    .or_fault("follow the staffing of teams")?;
    Ok(())
}

/// Writes down of which teams that changed, or was never told. Answers those.
pub(crate) async fn renew(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<Staffing>> {
    let rows = sqlx::query!(
        r#"UPDATE team_staffing s SET is_staffed = present.is_staffed, version = s.version + 1
           FROM (SELECT team, EXISTS (
                   SELECT FROM agent_load l JOIN agent a ON a.workspace_id = l.workspace_id AND a.agent = l.agent
                   WHERE l.workspace_id = $1 AND l.kind = 'web' AND l.is_free AND (team = '' OR team = ANY (a.teams))
                 ) AS is_staffed FROM team_staffing WHERE workspace_id = $1) present
           WHERE s.workspace_id = $1 AND s.team = present.team AND (s.version = 0 OR s.is_staffed <> present.is_staffed)
           RETURNING s.team, s.is_staffed, s.version"#,
        workspace.as_str(),
    )
    .fetch_all(db)
    .await
    .or_fault("look which teams have somebody")?;
    let changed = rows.into_iter().map(|row| {
        let team = Some(row.team).filter(|team| !team.is_empty());
        Ok(Staffing {
            team: team.as_deref().map(TeamId::parse).transpose()?,
            is_staffed: row.is_staffed,
            version: loaded(row.version),
        })
    });
    changed.collect()
}

/// Was an agent ever of this team?
pub(crate) async fn is_followed(db: &mut PgConnection, workspace: &WorkspaceId, team: &TeamId) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM team_staffing WHERE workspace_id = $1 AND team = $2) AS "exists!""#,
        workspace.as_str(),
        team.as_str(),
    )
    .fetch_one(db)
    .await
    .or_fault("look for a team")
}
