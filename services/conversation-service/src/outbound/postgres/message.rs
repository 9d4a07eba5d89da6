use super::{known, loaded, stored};
use crate::domain::conversation::{Content, Draft, ExternalRef, Message};
use crate::domain::ingest::Key;
use domain::{AgentId, AuthorRole, ConversationId, IntegrationId, MessageId, MessageText, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use store::OrFault;
use uuid::Uuid;

/// How what a message is beyond its words is kept.
pub(super) type Kept = Json<serde_json::Value>;

pub(super) struct Row {
    pub conversation_id: Uuid,
    pub seq: i64,
    pub id: Uuid,
    pub author: String,
    pub agent_id: Option<String>,
    pub text: String,
    pub at: jiff_sqlx::Timestamp,
    pub follow_up: bool,
    pub client_id: Option<String>,
    pub integration_id: Option<String>,
    pub foreign_id: Option<String>,
    pub content: Option<Kept>,
}

impl Row {
    pub fn message(self) -> Result<Message> {
        let foreign = match (self.integration_id, self.foreign_id) {
            (Some(integration), Some(reference)) => Some(ExternalRef {
                integration: IntegrationId::parse(&integration)?,
                reference,
            }),
            _ => None,
        };
        Ok(Message {
            conversation: self.conversation_id.into(),
            seq: loaded(self.seq),
            draft: Draft {
                id: self.id.into(),
                author: known(AuthorRole::from_word(&self.author), "message.author")?,
                agent: self.agent_id.as_deref().map(AgentId::parse).transpose()?,
                text: MessageText::parse(&self.text)?,
                at: self.at.to_jiff(),
                follow_up: self.follow_up,
                client_id: self.client_id,
                foreign,
                // What a later release has written reads as words, so that a replica of this one shows the conversation.
                content: self
                    .content
                    .and_then(|kept| serde_json::from_value(kept.0).ok())
                    .unwrap_or_default(),
            },
        })
    }
}

macro_rules! messages {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            crate::outbound::postgres::message::Row,
            r#"SELECT m.conversation_id, m.seq, m.id, m.author, m.agent_id, m.text, m.at, m.follow_up, m.client_id,
                    m.integration_id, m.foreign_id, m.content AS "content: super::message::Kept"
             FROM "# + $tail,
            $($argument),*
        )
    };
}
pub(super) use messages;

/// Messages after a sequence, in order.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    after: u64,
    limit: i64,
) -> Result<Vec<Message>> {
    let rows = messages!(
        "message m WHERE workspace_id = $1 AND conversation_id = $2 AND seq > $3 ORDER BY seq LIMIT $4",
        workspace.as_str(),
        conversation.0,
        stored(after),
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list messages")?;
    rows.into_iter().map(Row::message).collect()
}

/// The message of a sequence.
pub async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    seq: u64,
) -> Result<Option<Message>> {
    let row = messages!(
        "message m WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3",
        workspace.as_str(),
        conversation.0,
        stored(seq)
    )
    .fetch_optional(db)
    .await
    .or_fault("get message")?;
    row.map(Row::message).transpose()
}

/// The messages of these sequences, in order.
pub async fn list_of(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    sequences: &[u64],
) -> Result<Vec<Message>> {
    let sequences: Vec<i64> = sequences.iter().map(|seq| stored(*seq)).collect();
    let rows = messages!(
        "message m WHERE workspace_id = $1 AND conversation_id = $2 AND seq = ANY($3) ORDER BY seq",
        workspace.as_str(),
        conversation.0,
        &sequences
    )
    .fetch_all(db)
    .await
    .or_fault("list messages of sequences")?;
    rows.into_iter().map(Row::message).collect()
}

/// Who wrote the message of a sequence, and its id.
pub async fn author(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    seq: u64,
) -> Result<Option<(MessageId, AuthorRole)>> {
    let row = sqlx::query!(
        "SELECT id, author FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3",
        workspace.as_str(),
        conversation.0,
        stored(seq),
    )
    .fetch_optional(db)
    .await
    .or_fault("get author of message")?;
    row.map(|row| {
        Ok((
            row.id.into(),
            known(AuthorRole::from_word(&row.author), "message.author")?,
        ))
    })
    .transpose()
}

/// The message that a sender posted under its own id, in any of these conversations.
pub async fn get_by_client_id(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversations: &[ConversationId],
    client_id: &str,
) -> Result<Option<Message>> {
    let ids: Vec<Uuid> = conversations.iter().map(|id| id.0).collect();
    let row = messages!(
        "UNNEST($2::uuid[]) AS k (id)
         CROSS JOIN LATERAL (
           SELECT * FROM message n WHERE n.workspace_id = $1 AND n.conversation_id = k.id AND n.client_id = $3) m
         LIMIT 1",
        workspace.as_str(),
        &ids,
        client_id
    )
    .fetch_optional(db)
    .await
    .or_fault("get message by client id")?;
    row.map(Row::message).transpose()
}

/// Where the messages with these foreign ids are; the newest if there are several.
pub async fn find_foreign(db: &mut PgConnection, keys: &[Key]) -> Result<HashMap<Key, (ConversationId, u64)>> {
    let workspaces: Vec<String> = keys.iter().map(|key| key.workspace.to_string()).collect();
    let integrations: Vec<String> = keys.iter().map(|key| key.integration.to_string()).collect();
    let names: Vec<String> = keys.iter().map(|key| key.name.clone()).collect();
    let rows = sqlx::query!(
        r#"SELECT m.workspace_id, m.integration_id AS "integration_id!", m.foreign_id AS "foreign_id!",
                  m.conversation_id, m.seq
           FROM UNNEST($1::text[], $2::text[], $3::text[]) AS k (workspace_id, integration_id, foreign_id)
           CROSS JOIN LATERAL (
             SELECT * FROM message n WHERE n.workspace_id = k.workspace_id AND n.integration_id = k.integration_id
               AND n.foreign_id = k.foreign_id OFFSET 0) m
           ORDER BY m.id"#,
        &workspaces,
        &integrations,
        &names,
    )
    .fetch_all(db)
    .await
    .or_fault("find foreign messages")?;
    rows.into_iter()
        .map(|row| {
            let key = Key {
                workspace: WorkspaceId::parse(&row.workspace_id)?,
                integration: IntegrationId::parse(&row.integration_id)?,
                name: row.foreign_id,
            };
            Ok((key, (row.conversation_id.into(), loaded(row.seq))))
        })
        .collect()
}

/// Inserts messages of conversations that the transaction has locked or inserted.
pub async fn insert(db: &mut PgConnection, new: &[(&WorkspaceId, &Message)]) -> Result<()> {
    let maybe = |f: fn(&Draft) -> Option<&str>| {
        new.iter()
            .map(|(_, m)| f(&m.draft).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let content: Vec<Option<Json<&Content>>> = new
        .iter()
        .map(|(_, m)| (m.draft.content != Content::Words).then_some(Json(&m.draft.content)))
        .collect();
    let at: Vec<jiff_sqlx::Timestamp> = new.iter().map(|(_, m)| m.draft.at.to_sqlx()).collect();
    sqlx::query!(
        "INSERT INTO message (workspace_id, conversation_id, seq, id, author, agent_id, text, at, follow_up, client_id,
           integration_id, foreign_id, content)
         SELECT * FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[],
           $8::timestamptz[], $9::boolean[], $10::text[], $11::text[], $12::text[], $13::jsonb[])",
        &new.iter()
            .map(|(workspace, _)| workspace.to_string())
            .collect::<Vec<_>>(),
        &new.iter().map(|(_, m)| m.conversation.0).collect::<Vec<_>>(),
        &new.iter().map(|(_, m)| stored(m.seq)).collect::<Vec<_>>(),
        &new.iter().map(|(_, m)| m.draft.id.0).collect::<Vec<_>>(),
        &new.iter()
            .map(|(_, m)| m.draft.author.word().to_owned())
            .collect::<Vec<_>>(),
        &maybe(|draft| draft.agent.as_ref().map(AgentId::as_str)) as &[Option<String>],
        &new.iter()
            .map(|(_, m)| m.draft.text.expose().to_owned())
            .collect::<Vec<_>>(),
        &at as _,
        &new.iter().map(|(_, m)| m.draft.follow_up).collect::<Vec<_>>(),
        &maybe(|draft| draft.client_id.as_deref()) as &[Option<String>],
        &maybe(|draft| draft.foreign.as_ref().map(|foreign| foreign.integration.as_str())) as &[Option<String>],
        &maybe(|draft| draft.foreign.as_ref().map(|foreign| foreign.reference.as_str())) as &[Option<String>],
        &content as _,
    )
    .execute(db)
    .await
    .or_fault("insert message")?;
    Ok(())
}
