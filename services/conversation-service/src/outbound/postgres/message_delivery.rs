use super::{known, loaded, stored};
use crate::domain::delivery::{Delivery, DeliveryState, Outcome};
use domain::{ConversationId, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;

struct Row {
    seq: i64,
    state: String,
    reason: String,
    version: i64,
    at: jiff_sqlx::Timestamp,
}

impl Row {
    fn delivery(self) -> Result<Delivery> {
        Ok(Delivery {
            outcome: Outcome {
                state: known(DeliveryState::from_word(&self.state), "message_delivery.state")?,
                at: self.at.to_jiff(),
                reason: self.reason,
            },
            version: loaded(self.version),
        })
    }
}

/// What is known of the delivery of a message, in a transaction that has locked its conversation.
pub async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    seq: u64,
) -> Result<Option<Delivery>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT seq, state, reason, version, at AS "at: jiff_sqlx::Timestamp" FROM message_delivery
           WHERE workspace_id = $1 AND conversation_id = $2 AND seq = $3"#,
        workspace.as_str(),
        conversation.0,
        stored(seq),
    )
    .fetch_optional(db)
    .await
    .or_fault("get delivery of a message")?;
    row.map(Row::delivery).transpose()
}

/// Those of the messages after `after` up to `up_to`, by sequence.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    after: u64,
    up_to: u64,
) -> Result<HashMap<u64, Delivery>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT seq, state, reason, version, at AS "at: jiff_sqlx::Timestamp" FROM message_delivery
           WHERE workspace_id = $1 AND conversation_id = $2 AND seq > $3 AND seq <= $4"#,
        workspace.as_str(),
        conversation.0,
        stored(after),
        stored(up_to),
    )
    .fetch_all(db)
    .await
    .or_fault("list deliveries of messages")?;
    rows.into_iter()
        .map(|row| Ok((loaded(row.seq), row.delivery()?)))
        .collect()
}

/// Stores it in place of what was known before, in a transaction that has locked the conversation.
pub async fn put(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    seq: u64,
    delivery: &Delivery,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO message_delivery (workspace_id, conversation_id, seq, state, reason, version, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace_id, conversation_id, seq) DO UPDATE SET state = $4, reason = $5, version = $6, at = $7",
        workspace.as_str(),
        conversation.0,
        stored(seq),
        delivery.outcome.state.word(),
        delivery.outcome.reason,
        stored(delivery.version),
        delivery.outcome.at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("put delivery of a message")?;
    Ok(())
}
