//! Teams, agents, and who is in which team.

use super::{loaded, stored};
use crate::domain::agent::Agent;
use domain::{AgentId, Email, TeamId, WorkspaceId};
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

/// False if the agent exists. Without their teams.
pub async fn insert_agent(db: &mut PgConnection, workspace: &WorkspaceId, new: &Agent) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO agent (workspace_id, id, display_name, email) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        new.id.as_str(),
        new.display_name,
        new.email.as_ref().map_or("", Email::expose),
    )
    .execute(db)
    .await
    .or_fault("insert agent")?;
    Ok(done.rows_affected() == 1)
}

/// Of two changes of an agent one comes after the other.
pub async fn lock_agent(db: &mut PgConnection, workspace: &WorkspaceId, id: &AgentId) -> Result<()> {
    sqlx::query!(
        "SELECT FROM agent WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE",
        workspace.as_str(),
        id.as_str()
    )
    .execute(db)
    .await
    .or_fault("lock agent")?;
    Ok(())
}

/// Without their teams.
pub async fn update_agent(db: &mut PgConnection, workspace: &WorkspaceId, next: &Agent) -> Result<()> {
    sqlx::query!(
        "UPDATE agent SET display_name = $3, email = $4, teams_version = $5 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        next.id.as_str(),
        next.display_name,
        next.email.as_ref().map_or("", Email::expose),
        stored(next.teams_version),
    )
    .execute(db)
    .await
    .or_fault("update agent")?;
    Ok(())
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

/// Takes an agent out of all teams.
pub async fn delete_members(db: &mut PgConnection, workspace: &WorkspaceId, agent: &AgentId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM member WHERE workspace_id = $1 AND agent_id = $2",
        workspace.as_str(),
        agent.as_str()
    )
    .execute(db)
    .await
    .or_fault("delete members")?;
    Ok(())
}

/// An agent with their teams.
pub async fn get_agent(db: &mut PgConnection, workspace: &WorkspaceId, id: &AgentId) -> Result<Option<Agent>> {
    let row = sqlx::query!(
        r#"SELECT display_name, email, teams_version,
                  ARRAY(SELECT team_id FROM member m WHERE m.workspace_id = a.workspace_id AND m.agent_id = a.id) AS "teams!"
           FROM agent a WHERE workspace_id = $1 AND id = $2"#,
        workspace.as_str(),
        id.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get agent")?;
    let Some(row) = row else { return Ok(None) };
    let teams: Result<_, _> = row.teams.iter().map(|team| TeamId::parse(team)).collect();
    let email = Some(row.email).filter(|email| !email.is_empty());
    let email = email.as_deref().map(Email::parse).transpose()?;
    Ok(Some(Agent {
        teams_version: loaded(row.teams_version),
        ..Agent::new(id.clone(), row.display_name, teams?, email)?
    }))
}
