use super::unsigned;
use domain::{ConversationId, DeliveryId, FollowUpId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use std::collections::BTreeMap;
use store::{OrFault, Tx};

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

/// Adds a line under the conversation's lock, which keeps the numbers without gaps; the entry's own number is ignored.
pub async fn add_entry(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    entry: &Entry,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO timeline (workspace_id, conversation, number, at, what, facts, follow_up, delivery)
         SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7 FROM timeline
         WHERE workspace_id = $1 AND conversation = $2",
        workspace.as_str(),
        conversation.0,
        entry.at.to_sqlx() as _,
        entry.what,
        serde_json::to_value(&entry.facts).map_err(Fault::internal)?,
        entry.follow_up.map(|id| id.0),
        entry.delivery.map(|id| id.0)
    )
    .execute(&mut **tx)
    .await
    .or_fault("add timeline entry")?;
    Ok(())
}

/// A conversation's history, or that of one follow-up, in order, at most 1,000 lines.
pub async fn list_entries(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    follow_up: Option<FollowUpId>,
) -> Result<Vec<Entry>> {
    sqlx::query!(
        "SELECT number, at, what, facts, follow_up, delivery FROM timeline
         WHERE workspace_id = $1 AND conversation = $2 AND ($3::uuid IS NULL OR follow_up = $3)
         ORDER BY number LIMIT 1000",
        workspace.as_str(),
        conversation.0,
        follow_up.map(|id| id.0)
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
