//! Whether agents can be given chats, as routing-service tells.

use super::stored;
use domain::{AgentId, TeamId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

pub async fn set(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    agent: &AgentId,
    is_available: bool,
    version: u64,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO agent_availability AS a (workspace_id, agent_id, is_available, version) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, agent_id)
           DO UPDATE SET is_available = excluded.is_available, version = excluded.version
           WHERE a.version < excluded.version",
        workspace.as_str(),
        agent.as_str(),
        is_available,
        stored(version),
    )
    .execute(db)
    .await
    .or_fault("set an agent's availability")?;
    Ok(())
}

/// True if agents of the team (`None`: of the workspace) told how they are, and none of them can be given chats. Of those who
/// told nothing, nothing is known.
pub async fn is_nobody_available(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: Option<&TeamId>,
) -> Result<bool> {
    let some = sqlx::query_scalar!(
        r#"SELECT bool_or(a.is_available) FROM agent_availability a
           WHERE a.workspace_id = $1 AND ($2::text IS NULL OR EXISTS (
             SELECT FROM member m WHERE m.workspace_id = $1 AND m.team_id = $2 AND m.agent_id = a.agent_id))"#,
        workspace.as_str(),
        team.map(TeamId::as_str),
    )
    .fetch_one(db)
    .await
    .or_fault("look for an available agent")?;
    Ok(some == Some(false))
}
