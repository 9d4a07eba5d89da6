use crate::domain::inbound_text::Joining;
use domain::{ChannelId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::types::Json;
use store::{OrFault, Tx};
use uuid::Uuid;

/// A text whose parts are being joined.
pub struct JoiningText {
    pub id: Uuid,
    /// E.164; empty once it was posted.
    pub sender: String,
    pub receiver: String,
    pub channel: Option<ChannelId>,
    pub joining: Joining,
    /// When its first part came.
    pub at: Timestamp,
}

struct Row {
    id: Uuid,
    sender: String,
    receiver: String,
    channel: Option<String>,
    joining: Json<Joining>,
    at: jiff_sqlx::Timestamp,
}

impl Row {
    fn read(self) -> Result<JoiningText> {
        let channel = self.channel.as_deref().map(ChannelId::parse).transpose();
        Ok(JoiningText {
            id: self.id,
            sender: self.sender,
            receiver: self.receiver,
            channel: channel.map_err(Fault::internal)?,
            joining: self.joining.0,
            at: self.at.to_jiff(),
        })
    }
}

/// Locks the text whose parts have this key in common.
pub async fn lock_joining_text(tx: &mut Tx, workspace: &WorkspaceId, key: &[u8]) -> Result<Option<JoiningText>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, sender, receiver, channel, joining AS "joining: Json<Joining>", at FROM joining_text
           WHERE workspace_id = $1 AND key = $2 FOR UPDATE"#,
        workspace.as_str(),
        key
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("lock joining text")?;
    row.map(Row::read).transpose()
}

/// Reads a text to which no part is added from now on.
pub async fn close_joining_text(tx: &mut Tx, workspace: &WorkspaceId, id: Uuid) -> Result<Option<JoiningText>> {
    let row = sqlx::query_as!(
        Row,
        r#"UPDATE joining_text SET joining = jsonb_set(joining, '{closed}', 'true') WHERE workspace_id = $1 AND id = $2
           RETURNING id, sender, receiver, channel, joining AS "joining: Json<Joining>", at"#,
        workspace.as_str(),
        id
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("close joining text")?;
    row.map(Row::read).transpose()
}

/// Keeps a text as far as it came; `due`: when to take it, where that changes. Of two that begin the same text at once
/// the second is told to try again.
pub async fn put_joining_text(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (key, text): (&[u8], &JoiningText),
    due: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO joining_text (workspace_id, id, key, sender, receiver, channel, joining, due_at, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (workspace_id, id) DO UPDATE
         SET joining = excluded.joining, due_at = coalesce(excluded.due_at, joining_text.due_at)",
        workspace.as_str(),
        text.id,
        key,
        text.sender,
        text.receiver,
        text.channel.as_ref().map(ChannelId::as_str),
        Json(&text.joining) as _,
        due.map(|due| due.to_sqlx()) as _,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("put joining text")?;
    Ok(())
}

/// The text was taken: what it said, and whose it was, is not kept; its parts are known when they come again.
pub async fn end_joining_text(tx: &mut Tx, workspace: &WorkspaceId, id: Uuid, joining: &Joining) -> Result<()> {
    sqlx::query!(
        "UPDATE joining_text SET joining = $3, sender = '', receiver = '', due_at = NULL, leased_until = NULL
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id,
        Json(joining) as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("end joining text")?;
    Ok(())
}

/// Makes room for another text under the same key; what came of this one is taken at its time.
pub async fn set_aside_joining_text(tx: &mut Tx, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
    sqlx::query!(
        "UPDATE joining_text SET key = uuid_send(id) WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id
    )
    .execute(&mut **tx)
    .await
    .or_fault("set joining text aside")?;
    Ok(())
}

/// Deletes some texts of all workspaces that were taken and began before `before`; says how many. In a worker's transaction.
pub async fn prune_joining_texts(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM joining_text t
         USING (SELECT workspace_id, id FROM joining_text WHERE at < $1 AND due_at IS NULL LIMIT $2) old
         WHERE t.workspace_id = old.workspace_id AND t.id = old.id",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune joining texts")?;
    Ok(pruned.rows_affected())
}
