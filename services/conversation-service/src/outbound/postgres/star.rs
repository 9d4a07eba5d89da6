//! Conversations that agents starred.

use super::{loaded, stored};
use crate::domain::star::Star;
use domain::{AgentId, ConversationId, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

struct Row {
    id: Uuid,
    conversation_id: Uuid,
    agent_id: String,
    number: i64,
    starred_at: Option<jiff_sqlx::Timestamp>,
    remind_at: Option<jiff_sqlx::Timestamp>,
    reminded_at: Option<jiff_sqlx::Timestamp>,
    note: String,
    version: i64,
}

impl Row {
    fn star(self) -> Result<Star> {
        Ok(Star {
            id: self.id,
            conversation: self.conversation_id.into(),
            number: loaded(self.number),
            agent: AgentId::parse(&self.agent_id)?,
            starred_at: self.starred_at.map(|at| at.to_jiff()),
            remind_at: self.remind_at.map(|at| at.to_jiff()),
            reminded_at: self.reminded_at.map(|at| at.to_jiff()),
            note: self.note,
            version: loaded(self.version),
        })
    }
}

macro_rules! stars {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id, conversation_id, agent_id, number, starred_at AS "starred_at: jiff_sqlx::Timestamp",
                      remind_at AS "remind_at: jiff_sqlx::Timestamp", reminded_at AS "reminded_at: jiff_sqlx::Timestamp",
                      note, version
               FROM star "# + $tail,
            $($argument),*
        )
    };
}

/// An agent's, on a conversation, locked until the end of the transaction.
pub async fn lock(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    agent: &AgentId,
) -> Result<Option<Star>> {
    let row = stars!(
        "WHERE workspace_id = $1 AND conversation_id = $2 AND agent_id = $3 AND version > 0 FOR NO KEY UPDATE",
        workspace.as_str(),
        conversation.0,
        agent.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("lock star")?;
    row.map(Row::star).transpose()
}

/// The same, not locked.
pub async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    agent: &AgentId,
) -> Result<Option<Star>> {
    let row = stars!(
        "WHERE workspace_id = $1 AND conversation_id = $2 AND agent_id = $3 AND version > 0",
        workspace.as_str(),
        conversation.0,
        agent.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("get star")?;
    row.map(Row::star).transpose()
}

/// The same, by its own id, locked.
pub async fn lock_by_id(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid) -> Result<Option<Star>> {
    let row = stars!(
        "WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE",
        workspace.as_str(),
        id
    )
    .fetch_optional(db)
    .await
    .or_fault("lock star by id")?;
    row.map(Row::star).transpose()
}

/// What an agent has starred, the newest conversation first, below a number.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    agent: &AgentId,
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<Star>> {
    let rows = stars!(
        "WHERE workspace_id = $1 AND agent_id = $2 AND starred_at IS NOT NULL AND number < $3
         ORDER BY number DESC LIMIT $4",
        workspace.as_str(),
        agent.as_str(),
        below.map_or(i64::MAX, stored),
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list stars")?;
    rows.into_iter().map(Row::star).collect()
}

/// What an agent was reminded of, the latest first.
pub async fn list_told(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    agent: &AgentId,
    limit: i64,
) -> Result<Vec<Star>> {
    let rows = stars!(
        "WHERE workspace_id = $1 AND agent_id = $2 AND reminded_at IS NOT NULL ORDER BY reminded_at DESC LIMIT $3",
        workspace.as_str(),
        agent.as_str(),
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list reminders")?;
    rows.into_iter().map(Row::star).collect()
}

/// Writes one that is locked or new. It is next tended to when its reminder is due.
pub async fn put(db: &mut PgConnection, workspace: &WorkspaceId, star: &Star) -> Result<()> {
    sqlx::query!(
        "INSERT INTO star (workspace_id, id, conversation_id, agent_id, number, starred_at, remind_at, reminded_at, note, version,
           due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (workspace_id, id) DO UPDATE SET starred_at = $6, remind_at = $7, reminded_at = $8, note = $9,
           version = $10, due_at = $11, leased_until = NULL",
        workspace.as_str(),
        star.id,
        star.conversation.0,
        star.agent.as_str(),
        stored(star.number),
        star.starred_at.map(|at| at.to_sqlx()) as _,
        star.remind_at.map(|at| at.to_sqlx()) as _,
        star.reminded_at.map(|at| at.to_sqlx()) as _,
        star.note,
        stored(star.version),
        star.due().map(|at| at.to_sqlx()) as _,
    )
    .execute(db)
    .await
    .or_fault("put star")?;
    Ok(())
}

/// Deletes the stars on a conversation, with their notes and reminders.
pub async fn erase(db: &mut PgConnection, workspace: &WorkspaceId, id: ConversationId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM star WHERE workspace_id = $1 AND conversation_id = $2 AND version > 0",
        workspace.as_str(),
        id.0,
    )
    .execute(db)
    .await
    .or_fault("erase stars")?;
    Ok(())
}
