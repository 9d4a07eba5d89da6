//! Deliveries that carry messages, in the line of their conversation.

use super::signed;
use crate::domain::{Medium, Status};
use domain::{ConversationId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// It has its delivery.
    pub is_taken: bool,
    /// An earlier one goes the same way and is not through.
    pub is_behind: bool,
}

/// Call under the conversation's lock.
pub async fn find_place(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ConversationId,
    (seq, medium): (u64, Medium),
) -> Result<Place> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM delivery
             WHERE workspace_id = $1 AND conversation = $2 AND purpose = 'message' AND seq = $3) AS "is_taken!",
           EXISTS (SELECT FROM delivery
             WHERE workspace_id = $1 AND conversation = $2 AND purpose = 'message' AND seq < $3
               AND medium = $5 AND status = ANY ($4)) AS "is_behind!""#,
        workspace.as_str(),
        id.0,
        signed(seq)?,
        &Status::under_way(),
        medium.word()
    )
    .fetch_one(&mut **tx)
    .await
    .or_fault("find a message's place")?;
    Ok(Place {
        is_taken: row.is_taken,
        is_behind: row.is_behind,
    })
}

/// Makes the first message that waits behind others due now; whether there is one.
pub async fn call_next(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ConversationId,
    medium: Medium,
    now: Timestamp,
) -> Result<bool> {
    let called = sqlx::query!(
        "UPDATE delivery d SET due_at = $3
         FROM (SELECT id FROM delivery
           WHERE workspace_id = $1 AND conversation = $2 AND purpose = 'message' AND status = 'due' AND attempts = 0
             AND medium = $4
           ORDER BY seq LIMIT 1) next
         WHERE d.workspace_id = $1 AND d.id = next.id AND d.due_at > $3",
        workspace.as_str(),
        id.0,
        now.to_sqlx() as _,
        medium.word()
    )
    .execute(&mut **tx)
    .await
    .or_fault("call the next message")?;
    Ok(called.rows_affected() == 1)
}
