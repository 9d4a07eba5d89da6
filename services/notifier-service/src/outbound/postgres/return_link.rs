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
