//! Conversations by whose they are.

use super::stored;
use domain::{ContactId, ConversationId, Timestamp, VisitorId, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// A conversation of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonConversation {
    pub id: ConversationId,
    pub visitor: Option<VisitorId>,
    pub external_ref: Option<String>,
    /// It bears one of the contacts.
    pub theirs: bool,
}

/// Conversations of these contacts after one of them, in the order of their ids, at most `limit`, and before each those that it
/// continues or is continued by, and those that its visitor had without saying who they are, as far as they are nobody else's; at
/// most 100 together.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
    (after, limit): (Option<ConversationId>, u64),
) -> Result<Vec<PersonConversation>> {
    let contacts: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        r#"WITH RECURSIVE mine AS (
             SELECT id, visitor_id, external_ref, continues, continued_by FROM conversation
             WHERE workspace_id = $1 AND contact_id = ANY($2) AND id > $4 ORDER BY id LIMIT $3),
           earlier AS (
             SELECT m.*, 0 AS far FROM mine m
             UNION ALL
             SELECT c.id, c.visitor_id, c.external_ref, c.continues, c.continued_by, e.far + 1 FROM earlier e
             JOIN conversation c ON c.workspace_id = $1 AND c.id = e.continues
             WHERE c.contact_id IS NULL AND c.erased_at IS NULL),
           later AS (
             SELECT m.*, 0 AS far FROM mine m
             UNION ALL
             SELECT c.id, c.visitor_id, c.external_ref, c.continues, c.continued_by, l.far + 1 FROM later l
             JOIN conversation c ON c.workspace_id = $1 AND c.id = l.continued_by
             WHERE c.contact_id IS NULL AND c.erased_at IS NULL)
           SELECT id AS "id!", max(visitor_id::text) AS visitor_id, max(external_ref) AS external_ref, min(far) = 0 AS "theirs!"
           FROM (SELECT * FROM earlier UNION ALL SELECT * FROM later
                 UNION ALL
                 SELECT c.id, c.visitor_id, c.external_ref, c.continues, c.continued_by, 1000000
                 FROM (SELECT DISTINCT visitor_id FROM mine WHERE visitor_id IS NOT NULL) v
                 JOIN conversation c ON c.workspace_id = $1 AND c.visitor_id = v.visitor_id
                 WHERE c.contact_id IS NULL AND c.erased_at IS NULL) found
           GROUP BY id ORDER BY max(far) DESC, id LIMIT 100"#,
        workspace.as_str(),
        &contacts,
        stored(limit),
        after.map_or(Uuid::nil(), |id| id.0),
    )
    .fetch_all(db)
    .await
    .or_fault("list conversations of person")?;
    let read = rows.into_iter().map(|row| {
        Ok(PersonConversation {
            id: row.id.into(),
            visitor: VisitorId::parse_optional(&row.visitor_id.unwrap_or_default())?,
            external_ref: row.external_ref,
            theirs: row.theirs,
        })
    });
    read.collect()
}

/// What is kept of these conversations, as it is kept, by kind: first themselves, then what was said in them, then what agents
/// noted of them, then which workflows ran in them, from a place on.
pub async fn export(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversations: &[ConversationId],
    (from, limit): (u64, u64),
) -> Result<Vec<(String, serde_json::Value)>> {
    let ids: Vec<Uuid> = conversations.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", data - 'workspace_id' AS "data!" FROM (
             SELECT 1 AS place, 'conversation' AS kind, c.id, 0 AS seq, to_jsonb(c) || jsonb_build_object('ratings',
               (SELECT jsonb_agg(to_jsonb(r) - 'workspace_id') FROM rating r
                WHERE r.workspace_id = c.workspace_id AND r.conversation_id = c.id)) AS data
             FROM conversation c WHERE c.workspace_id = $1 AND c.id = ANY($2)
             UNION ALL
             SELECT 2, 'message', m.conversation_id, m.seq, to_jsonb(m) || jsonb_build_object('delivery',
               (SELECT to_jsonb(d) - 'workspace_id' FROM message_delivery d
                WHERE d.workspace_id = m.workspace_id AND d.conversation_id = m.conversation_id AND d.seq = m.seq),
               'card', (SELECT to_jsonb(k) - 'workspace_id' FROM card k
                WHERE k.workspace_id = m.workspace_id AND k.conversation_id = m.conversation_id AND k.seq = m.seq AND k.seq > 0))
             FROM message m WHERE m.workspace_id = $1 AND m.conversation_id = ANY($2)
             UNION ALL
             SELECT 3, 'star', s.conversation_id, row_number() OVER (PARTITION BY s.conversation_id ORDER BY s.agent_id),
               to_jsonb(s) - ARRAY['id', 'due_at', 'leased_until']
             FROM star s WHERE s.workspace_id = $1 AND s.conversation_id = ANY($2) AND s.version > 0
               AND s.starred_at IS NOT NULL
             UNION ALL
             SELECT 4, 'workflow_run', r.conversation_id, row_number() OVER (PARTITION BY r.conversation_id ORDER BY r.id),
               to_jsonb(r) - ARRAY['steps', 'due_at', 'leased_until']
             FROM workflow_run r WHERE r.workspace_id = $1 AND r.conversation_id = ANY($2) AND r.version > 0) kept
           ORDER BY place, id, seq LIMIT $3 OFFSET $4"#,
        workspace.as_str(),
        &ids,
        stored(limit),
        stored(from),
    )
    .fetch_all(db)
    .await
    .or_fault("export conversations")?;
    Ok(rows.into_iter().map(|row| (row.kind, row.data)).collect())
}

/// Deletes the first messages of a locked conversation; says how many.
pub async fn erase_messages(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    limit: u64,
) -> Result<u64> {
    let erased = sqlx::query!(
        "DELETE FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND seq IN (
           SELECT seq FROM message WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY seq LIMIT $3)",
        workspace.as_str(),
        conversation.0,
        stored(limit),
    )
    .execute(db)
    .await
    .or_fault("erase messages")?;
    Ok(erased.rows_affected())
}

/// Forgets whose a locked conversation is, where it was had, by what others know it, and its copies.
pub async fn erase_conversation(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE conversation SET visitor_id = NULL, contact_id = NULL, phone_address = NULL, email_address = NULL, page_url = '',
           integration_id = NULL, external_ref = NULL, request_id = NULL, asked = NULL, erased_at = $3
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        conversation.0,
        at.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("erase conversation")?;
    sqlx::query!(
        "DELETE FROM transcript WHERE workspace_id = $1 AND conversation_id = $2",
        workspace.as_str(),
        conversation.0,
    )
    .execute(&mut *db)
    .await
    .or_fault("erase transcripts")?;
    Ok(())
}
