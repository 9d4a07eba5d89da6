//! Teams, agents, and who is in which team.

use domain::{AgentId, TeamId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

/// More are not listed; nobody has as many.
const MAX_TEAMS: i64 = 1_000;

/// False if the team exists.
pub async fn insert_team(db: &mut PgConnection, workspace: &WorkspaceId, team: &TeamId, name: &str) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO team (workspace_id, id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        team.as_str(),
        name,
    )
    .execute(db)
    .await
    .or_fault("insert team")?;
    Ok(done.rows_affected() == 1)
}

pub async fn team_name(db: &mut PgConnection, workspace: &WorkspaceId, team: &TeamId) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "SELECT name FROM team WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        team.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("get team")
}

/// A team and who is in it, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    pub id: String,
    pub name: String,
    /// By id.
    pub agents: Vec<String>,
}

/// In order of id.
pub async fn list_teams(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<Team>> {
    sqlx::query_as!(
        Team,
        r#"SELECT id, name,
                  ARRAY(SELECT agent_id FROM member m WHERE m.workspace_id = t.workspace_id AND m.team_id = t.id
                        ORDER BY agent_id) AS "agents!"
           FROM team t WHERE workspace_id = $1 ORDER BY id LIMIT $2"#,
        workspace.as_str(),
        MAX_TEAMS,
    )
    .fetch_all(db)
    .await
    .or_fault("list teams")
}

/// False if the agent exists.
pub async fn insert_agent(db: &mut PgConnection, workspace: &WorkspaceId, agent: &AgentId, name: &str) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO agent (workspace_id, id, display_name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        agent.as_str(),
        name,
    )
    .execute(db)
    .await
    .or_fault("insert agent")?;
    Ok(done.rows_affected() == 1)
}

pub async fn insert_member(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &TeamId,
    agent: &AgentId,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO member (workspace_id, team_id, agent_id) VALUES ($1, $2, $3)",
        workspace.as_str(),
        team.as_str(),
        agent.as_str(),
    )
    .execute(db)
    .await
    .or_fault("insert member")?;
    Ok(())
}

/// Display name and teams, in order of team.
pub async fn get_agent(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    agent: &AgentId,
) -> Result<Option<(String, Vec<String>)>> {
    let row = sqlx::query!(
        r#"SELECT display_name,
                  ARRAY(SELECT team_id FROM member m WHERE m.workspace_id = a.workspace_id AND m.agent_id = a.id
                        ORDER BY team_id) AS "teams!"
           FROM agent a WHERE workspace_id = $1 AND id = $2"#,
        workspace.as_str(),
        agent.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get agent")?;
    Ok(row.map(|row| (row.display_name, row.teams)))
}
