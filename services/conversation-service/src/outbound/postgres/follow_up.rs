use super::message::{Row, messages};
use super::{loaded, stored};
use crate::domain::conversation::{Conversation, Message};
use domain::WorkspaceId;
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

/// Answers shown in one e-mail; the rest is a number.
const SHOWN: i64 = 10;

/// Answers that may be followed up within `first..=last`: the newest 10 in order, and how many there are in all.
/// Messages never change, so bounds read from the conversation's row give one consistent view.
pub async fn answers(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: &Conversation,
    first: u64,
    bots: bool,
) -> Result<(Vec<Message>, u64)> {
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM message
           WHERE workspace_id = $1 AND conversation_id = $2 AND seq >= $3 AND seq <= $4 AND follow_up
             AND (author = 'agent' OR (author = 'bot' AND $5))"#,
        workspace.as_str(),
        conversation.id.0,
        stored(first),
        stored(conversation.last_seq),
        bots,
    )
    .fetch_one(&mut *db)
    .await
    .or_fault("count answers")?;
    let rows = messages!(
        "message m WHERE workspace_id = $1 AND conversation_id = $2 AND seq >= $3 AND seq <= $4 AND follow_up
           AND (author = 'agent' OR (author = 'bot' AND $5)) ORDER BY seq DESC LIMIT $6",
        workspace.as_str(),
        conversation.id.0,
        stored(first),
        stored(conversation.last_seq),
        bots,
        SHOWN
    )
    .fetch_all(db)
    .await
    .or_fault("read answers")?;
    let newest_first: Result<Vec<Message>> = rows.into_iter().map(Row::message).collect();
    Ok((newest_first?.into_iter().rev().collect(), loaded(total)))
}

/// The customer's newest message before a sequence.
pub async fn question(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conversation: &Conversation,
    before: u64,
) -> Result<Option<Message>> {
    let row = messages!(
        "message m WHERE workspace_id = $1 AND conversation_id = $2 AND seq < $3 AND author = 'customer' AND content IS NULL
         ORDER BY seq DESC LIMIT 1",
        workspace.as_str(),
        conversation.id.0,
        stored(before)
    )
    .fetch_optional(db)
    .await
    .or_fault("read question")?;
    row.map(Row::message).transpose()
}
