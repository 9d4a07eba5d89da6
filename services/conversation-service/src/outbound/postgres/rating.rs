//! What customers answered when asked how the help was.

use super::{loaded, stored};
use crate::domain::conversation::{Content, Message};
use domain::{AgentId, ConversationId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// A rating as listed.
#[derive(Debug)]
pub struct Rating {
    /// Of the message that gave it.
    pub id: Uuid,
    pub conversation: ConversationId,
    pub seq: u64,
    /// Who had answered last.
    pub agent: Option<AgentId>,
    /// 1 to 5.
    pub rating: u8,
    pub at: Timestamp,
}

/// Keeps the ratings that are among these messages.
pub async fn insert(db: &mut PgConnection, new: &[(&WorkspaceId, &Message)]) -> Result<()> {
    for (workspace, message) in new {
        let Content::Rating { rating, agent } = &message.draft.content else {
            continue;
        };
        sqlx::query!(
            "INSERT INTO rating (workspace_id, conversation_id, seq, id, agent_id, rating, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            workspace.as_str(),
            message.conversation.0,
            stored(message.seq),
            message.draft.id.0,
            agent.as_ref().map(AgentId::as_str),
            i16::from(*rating),
            message.draft.at.to_sqlx() as _,
        )
        .execute(&mut *db)
        .await
        .or_fault("insert rating")?;
    }
    Ok(())
}

/// Newest first, below an id.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    below: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Rating>> {
    let rows = sqlx::query!(
        r#"SELECT id, conversation_id, seq, agent_id, rating, at AS "at: jiff_sqlx::Timestamp"
           FROM rating WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"#,
        workspace.as_str(),
        below.unwrap_or(Uuid::max()),
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list ratings")?;
    rows.into_iter()
        .map(|row| {
            Ok(Rating {
                id: row.id,
                conversation: row.conversation_id.into(),
                seq: loaded(row.seq),
                agent: row.agent_id.as_deref().map(AgentId::parse).transpose()?,
                rating: u8::try_from(row.rating).unwrap_or(0),
                at: row.at.to_jiff(),
            })
        })
        .collect()
}
