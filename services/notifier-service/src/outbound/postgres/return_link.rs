use domain::{ConversationId, DeliveryId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// Makes a delivery's link valid until `expires_at`; a repeated attempt keeps the first end.
pub async fn add_return_link(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    token_hash: &[u8],
    conversation: ConversationId,
    delivery: DeliveryId,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO return_link (workspace_id, token_hash, conversation, delivery, expires_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        token_hash,
        conversation.0,
        delivery.0,
        expires_at.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("add return link")?;
    Ok(())
}

/// Where a valid link leads, and the delivery that carried it.
pub async fn find_return_link(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(ConversationId, DeliveryId)>> {
    let row = sqlx::query!(
        "SELECT conversation, delivery FROM return_link
         WHERE workspace_id = $1 AND token_hash = $2 AND revoked_at IS NULL AND expires_at > $3",
        workspace.as_str(),
        token_hash,
        now.to_sqlx() as _
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find return link")?;
    Ok(row.map(|row| (ConversationId(row.conversation), DeliveryId(row.delivery))))
}

/// Makes a conversation's links void; says how many were valid.
pub async fn revoke_return_links(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    now: Timestamp,
) -> Result<u64> {
    let revoked = sqlx::query!(
        "UPDATE return_link SET revoked_at = $3
         WHERE workspace_id = $1 AND conversation = $2 AND revoked_at IS NULL AND expires_at > $3",
        workspace.as_str(),
        conversation.0,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("revoke return links")?;
    Ok(revoked.rows_affected())
}

/// Deletes some links of all workspaces that expired before `before`; says how many. In a worker's transaction.
pub async fn prune_return_links(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM return_link l USING (
           SELECT workspace_id, token_hash FROM return_link WHERE expires_at < $1 LIMIT $2) old
         WHERE l.workspace_id = old.workspace_id AND l.token_hash = old.token_hash",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune return links")?;
    Ok(pruned.rows_affected())
}
