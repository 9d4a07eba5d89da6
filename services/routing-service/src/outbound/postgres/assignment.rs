//! Who had a conversation.

use super::{known, loaded, stored};
use crate::domain::{Assignee, Assignment, Cause};
use ::domain::{AgentId, RequestId, TeamId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

/// Up to `limit` changes of a request, oldest first, after a version.
pub(crate) async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    request: RequestId,
    after_version: u64,
    limit: i64,
) -> Result<Vec<Assignment>> {
    let rows = sqlx::query!(
        "SELECT version, assignee_kind, assignee, cause, by_agent, at FROM assignment
         WHERE workspace_id = $1 AND request_id = $2 AND version > $3 ORDER BY version LIMIT $4",
        workspace.as_str(),
        request.0,
        stored(after_version),
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list assignments")?;
    rows.into_iter()
        .map(|row| {
            let assignee = match row.assignee_kind.as_str() {
                "nobody" => Some(Assignee::Nobody),
                "agent" => Some(Assignee::Agent(AgentId::parse(&row.assignee)?)),
                "admin" => Some(Assignee::Admin(AgentId::parse(&row.assignee)?)),
                "team" => Some(Assignee::Team(TeamId::parse(&row.assignee)?)),
                _ => None,
            };
            Ok(Assignment {
                version: loaded(row.version),
                assignee: known(assignee, "assignment.assignee_kind")?,
                cause: known(Cause::from_word(&row.cause), "assignment.cause")?,
                by: row.by_agent.as_deref().map(AgentId::parse).transpose()?,
                at: row.at.to_jiff(),
            })
        })
        .collect()
}
