//! What is kept beside the case of a conversation whose person is erased.

use super::signed;
use domain::{ConversationId, PhoneE164, VisitorId, WorkspaceId};
use fault::Result;
use store::{OrFault, Tx};
use uuid::Uuid;

/// What is kept of these conversations, as it is kept, by kind, from a place on.
pub async fn export(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversations: &[ConversationId],
    (from, limit): (u64, u64),
) -> Result<Vec<(String, serde_json::Value)>> {
    let ids: Vec<Uuid> = conversations.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", data - 'workspace_id' AS "data!" FROM (
             SELECT 1 AS place, 'follow_up_case' AS kind, conversation::text AS key, to_jsonb(c) AS data FROM conversation_view c
             WHERE c.workspace_id = $1 AND c.conversation = ANY($2)
             UNION ALL
             SELECT 2, 'follow_up', id::text, to_jsonb(f) FROM follow_up f
             WHERE f.workspace_id = $1 AND f.conversation = ANY($2)
             UNION ALL
             SELECT 3, 'delivery', id::text, to_jsonb(d) || jsonb_build_object('receipts',
               (SELECT jsonb_agg(to_jsonb(r) - 'workspace_id') FROM receipt r
                WHERE r.workspace_id = d.workspace_id AND r.delivery = d.id))
             FROM delivery d WHERE d.workspace_id = $1 AND d.conversation = ANY($2)
             UNION ALL
             SELECT 4, 'history', conversation || lpad(number::text, 20, '0'), to_jsonb(t) FROM timeline t
             WHERE t.workspace_id = $1 AND t.conversation = ANY($2)) kept
           ORDER BY place, key LIMIT $3 OFFSET $4"#,
        workspace.as_str(),
        &ids,
        signed(limit)?,
        signed(from)?
    )
    .fetch_all(&mut **tx)
    .await
    .or_fault("export follow-ups")?;
    Ok(rows.into_iter().map(|row| (row.kind, row.data)).collect())
}

/// Deletes a conversation's return links; says how many.
pub async fn erase_links(tx: &mut Tx, workspace: &WorkspaceId, conversation: ConversationId) -> Result<u64> {
    let erased = sqlx::query!(
        "DELETE FROM return_link WHERE workspace_id = $1 AND conversation = $2",
        workspace.as_str(),
        conversation.0
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase return links")?;
    Ok(erased.rows_affected())
}

/// Deletes the addresses that a conversation's mails are answered to; says how many.
pub async fn erase_reply_addresses(tx: &mut Tx, workspace: &WorkspaceId, conversation: ConversationId) -> Result<u64> {
    let erased = sqlx::query!(
        "DELETE FROM reply_address WHERE workspace_id = $1 AND conversation = $2",
        workspace.as_str(),
        conversation.0
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase reply addresses")?;
    Ok(erased.rows_affected())
}

/// Deletes what was told of a visitor's presence; says whether there was anything.
pub async fn erase_presence(tx: &mut Tx, workspace: &WorkspaceId, visitor: VisitorId) -> Result<u64> {
    let erased = sqlx::query!(
        "DELETE FROM presence_view WHERE workspace_id = $1 AND visitor = $2",
        workspace.as_str(),
        visitor.0
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase presence")?;
    Ok(erased.rows_affected())
}

/// Deletes texts of these numbers that are still being joined; says how many. Few texts are: they are looked through.
pub async fn erase_joining_texts(tx: &mut Tx, workspace: &WorkspaceId, numbers: &[PhoneE164]) -> Result<u64> {
    let numbers: Vec<String> = numbers.iter().map(|number| number.expose().to_owned()).collect();
    let erased = sqlx::query!(
        "DELETE FROM joining_text WHERE workspace_id = $1 AND sender = ANY($2)",
        workspace.as_str(),
        &numbers
    )
    .execute(&mut **tx)
    .await
    .or_fault("erase joining texts")?;
    Ok(erased.rows_affected())
}
