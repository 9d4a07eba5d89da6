//! What became of cards, and where they were said.

use super::{known, loaded, stored};
use crate::domain::card::{CardOutcome, CardState};
use domain::{ConversationId, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;
use uuid::Uuid;

struct Row {
    conversation_id: Uuid,
    seq: i64,
    state: String,
    reference: String,
    url: String,
    reason: String,
    at: jiff_sqlx::Timestamp,
    version: i64,
}

impl Row {
    fn outcome(self) -> Result<CardOutcome> {
        Ok(CardOutcome {
            state: known(CardState::from_word(&self.state), "card.state")?,
            reference: self.reference,
            url: self.url,
            reason: self.reason,
            at: self.at.to_jiff(),
            version: loaded(self.version),
        })
    }
}

macro_rules! cards {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT conversation_id, seq, state, reference, url, reason, at AS "at: jiff_sqlx::Timestamp", version
               FROM card "# + $tail,
            $($argument),*
        )
    };
}

/// Where a card was said (conversation and sequence), and what came of it.
pub async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: Uuid,
) -> Result<Option<(ConversationId, u64, CardOutcome)>> {
    let row = cards!("WHERE workspace_id = $1 AND id = $2", workspace.as_str(), id)
        .fetch_optional(db)
        .await
        .or_fault("get card")?;
    row.map(|row| Ok((row.conversation_id.into(), loaded(row.seq), row.outcome()?)))
        .transpose()
}

/// What came of those said in the messages after `after` up to `up_to`, by sequence.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    after: u64,
    up_to: u64,
) -> Result<HashMap<u64, CardOutcome>> {
    let rows = cards!(
        "WHERE workspace_id = $1 AND conversation_id = $2 AND seq > $3 AND seq <= $4",
        workspace.as_str(),
        conversation.0,
        stored(after),
        stored(up_to)
    )
    .fetch_all(db)
    .await
    .or_fault("list cards")?;
    rows.into_iter()
        .map(|row| Ok((loaded(row.seq), row.outcome()?)))
        .collect()
}

/// What came of the newest cards of which something did, by sequence.
pub async fn list_changed(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    limit: i64,
) -> Result<HashMap<u64, CardOutcome>> {
    let rows = cards!(
        "WHERE workspace_id = $1 AND conversation_id = $2 AND seq > 0 AND version > 1 ORDER BY seq DESC LIMIT $3",
        workspace.as_str(),
        conversation.0,
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list changed cards")?;
    rows.into_iter()
        .map(|row| Ok((loaded(row.seq), row.outcome()?)))
        .collect()
}

/// Stores it in place of what was known before, in a transaction that has locked the conversation.
pub async fn put(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: Uuid,
    (conversation, seq): (ConversationId, u64),
    outcome: &CardOutcome,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO card (workspace_id, id, conversation_id, seq, state, reference, url, reason, at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (workspace_id, id) DO UPDATE SET state = excluded.state, reference = excluded.reference, url = excluded.url,
           reason = excluded.reason, at = excluded.at, version = excluded.version",
        workspace.as_str(),
        id,
        conversation.0,
        stored(seq),
        outcome.state.word(),
        outcome.reference,
        outcome.url,
        outcome.reason,
        outcome.at.to_sqlx() as _,
        stored(outcome.version),
    )
    .execute(db)
    .await
    .or_fault("put card")?;
    Ok(())
}

/// Something came of a card of a conversation that is locked.
pub async fn count_change(db: &mut PgConnection, workspace: &WorkspaceId, conversation: ConversationId) -> Result<()> {
    sqlx::query!(
        "UPDATE conversation SET card_changes = card_changes + 1 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        conversation.0,
    )
    .execute(db)
    .await
    .or_fault("count card change")?;
    Ok(())
}

/// Deletes what is known of the cards of a locked conversation.
pub async fn erase(db: &mut PgConnection, workspace: &WorkspaceId, conversation: ConversationId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM card WHERE workspace_id = $1 AND conversation_id = $2",
        workspace.as_str(),
        conversation.0
    )
    .execute(db)
    .await
    .or_fault("erase cards")?;
    Ok(())
}
