use super::unsigned;
use domain::{ConversationId, DeliveryId, FollowUpId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use std::collections::BTreeMap;
use store::{OrFault, Tx};
use uuid::Uuid;

/// One line of a conversation's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub number: u64,
    pub at: Timestamp,
    /// Verb in the past.
    pub what: String,
    /// What it was made from: ids and classes, nothing personal.
    pub facts: BTreeMap<String, String>,
    pub follow_up: Option<FollowUpId>,
    pub delivery: Option<DeliveryId>,
}

/// Adds lines under the conversation's lock, which keeps the numbers without gaps; the entries' own numbers are ignored.
pub async fn add_entries(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    entries: &[Entry],
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let at: Vec<_> = entries.iter().map(|entry| entry.at.to_sqlx()).collect();
    let what: Vec<String> = entries.iter().map(|entry| entry.what.clone()).collect();
    let facts: Result<Vec<_>, _> = entries.iter().map(|entry| serde_json::to_value(&entry.facts)).collect();
    let follow_ups: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.follow_up.map(|id| id.0)).collect();
    let deliveries: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.delivery.map(|id| id.0)).collect();
    sqlx::query!(
        "INSERT INTO timeline (workspace_id, conversation, number, at, what, facts, follow_up, delivery)
         SELECT $1, $2, last.number + line.place, line.at, line.what, line.facts, line.follow_up, line.delivery
         FROM (SELECT coalesce(max(number), 0) AS number FROM timeline
               WHERE workspace_id = $1 AND conversation = $2) last,
           unnest($3::timestamptz[], $4::text[], $5::jsonb[], $6::uuid[], $7::uuid[])
             WITH ORDINALITY AS line (at, what, facts, follow_up, delivery, place)",
        workspace.as_str(),
        conversation.0,
        &at as _,
        &what,
        &facts.map_err(Fault::internal)?,
        &follow_ups as _,
        &deliveries as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("add timeline entries")?;
    Ok(())
}

/// The newest lines of a conversation's history, or of that of one follow-up, in order.
pub async fn list_entries(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    follow_up: Option<FollowUpId>,
    limit: i64,
) -> Result<Vec<Entry>> {
    sqlx::query!(
        "SELECT number, at, what, facts, follow_up, delivery FROM (
           SELECT * FROM timeline
           WHERE workspace_id = $1 AND conversation = $2 AND ($3::uuid IS NULL OR follow_up = $3)
           ORDER BY number DESC LIMIT $4) newest
         ORDER BY number",
        workspace.as_str(),
        conversation.0,
        follow_up.map(|id| id.0),
        limit
    )
    .fetch_all(&mut **tx)
    .await
    .or_fault("list timeline")?
    .into_iter()
    .map(|row| {
        Ok(Entry {
            number: unsigned(row.number)?,
            at: row.at.to_jiff(),
            what: row.what,
            facts: serde_json::from_value(row.facts).map_err(Fault::internal)?,
            follow_up: row.follow_up.map(FollowUpId),
            delivery: row.delivery.map(DeliveryId),
        })
    })
    .collect()
}

/// Deletes some entries of all workspaces that are older than `before`; says how many. In a worker's transaction.
pub async fn prune_entries(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM timeline t USING (SELECT workspace_id, conversation, number FROM timeline WHERE at < $1 LIMIT $2) old
         WHERE t.workspace_id = old.workspace_id
           AND t.conversation = old.conversation
           AND t.number = old.number",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune entries")?;
    Ok(pruned.rows_affected())
}
