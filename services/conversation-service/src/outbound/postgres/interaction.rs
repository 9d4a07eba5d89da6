//! Which agents talked to whom.

use super::{loaded, stored};
use domain::{AgentId, ChannelId, ContactId, ConversationId, Timestamp, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// A conversation, and who talked in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    pub id: ConversationId,
    pub number: u64,
    pub channel: ChannelId,
    pub started_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    /// In the order in which they first wrote.
    pub talks: Vec<Talk>,
}

/// What an agent said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    pub agent: AgentId,
    pub messages: u64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

/// At most `limit` conversations of these contacts, older than one, the newest first.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
    (before, limit): (Option<ConversationId>, u64),
) -> Result<Vec<Interaction>> {
    let contacts: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        r#"SELECT c.id, c.number, c.channel_id, c.started_at, c.resolved_at, t.agent_id AS "agent_id?", t.messages AS "messages?",
             t.first_at AS "first_at?: jiff_sqlx::Timestamp", t.last_at AS "last_at?: jiff_sqlx::Timestamp"
           FROM (SELECT * FROM conversation
                 WHERE workspace_id = $1 AND contact_id = ANY ($2) AND erased_at IS NULL AND id < $3
                 ORDER BY id DESC LIMIT $4) c
           LEFT JOIN LATERAL (
             SELECT agent_id, count(*) AS messages, min(at) AS first_at, max(at) AS last_at FROM message
             WHERE workspace_id = $1 AND conversation_id = c.id AND agent_id IS NOT NULL GROUP BY agent_id) t ON true
           ORDER BY c.id DESC, t.first_at, t.agent_id"#,
        workspace.as_str(),
        &contacts,
        before.map_or(Uuid::max(), |id| id.0),
        stored(limit),
    )
    .fetch_all(db)
    .await
    .or_fault("list interactions")?;
    let mut found: Vec<Interaction> = Vec::new();
    for row in rows {
        if found.last().is_none_or(|last| last.id.0 != row.id) {
            found.push(Interaction {
                id: row.id.into(),
                number: loaded(row.number),
                channel: ChannelId::parse(&row.channel_id)?,
                started_at: row.started_at.to_jiff(),
                resolved_at: row.resolved_at.map(|at| at.to_jiff()),
                talks: Vec::new(),
            });
        }
        let talk = (row.agent_id, row.messages, row.first_at, row.last_at);
        if let (Some(agent), Some(messages), Some(first), Some(last)) = talk
            && let Some(interaction) = found.last_mut()
        {
            interaction.talks.push(Talk {
                agent: AgentId::parse(&agent)?,
                messages: loaded(messages),
                first_at: first.to_jiff(),
                last_at: last.to_jiff(),
            });
        }
    }
    Ok(found)
}
