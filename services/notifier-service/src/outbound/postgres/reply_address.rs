use domain::{AddressId, ConversationId, DeliveryId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// What a reply address belongs to.
pub struct ReplyAddress {
    pub conversation: ConversationId,
    /// The mail that bore it.
    pub delivery: DeliveryId,
    /// Whom that mail went to.
    pub address: AddressId,
    /// That is still the customer's address there.
    pub is_theirs: bool,
}

/// Makes the address that a mail is answered to valid until `expires_at`; a repeated attempt keeps the first end.
pub async fn add_reply_address(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    token_hash: &[u8],
    (conversation, delivery): (ConversationId, DeliveryId),
    address: AddressId,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO reply_address (workspace_id, token_hash, conversation, delivery, address, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, token_hash) DO UPDATE SET address = excluded.address",
        workspace.as_str(),
        token_hash,
        conversation.0,
        delivery.0,
        address.0,
        expires_at.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("add reply address")?;
    Ok(())
}

/// What a valid reply address belongs to.
pub async fn find_reply_address(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<ReplyAddress>> {
    let row = sqlx::query!(
        r#"SELECT r.conversation, r.delivery, r.address,
             EXISTS (SELECT FROM conversation_view v WHERE v.workspace_id = r.workspace_id
               AND v.conversation = r.conversation AND v.email_address = r.address) AS "is_theirs!"
           FROM reply_address r
           WHERE r.workspace_id = $1 AND r.token_hash = $2 AND r.revoked_at IS NULL AND r.expires_at > $3"#,
        workspace.as_str(),
        token_hash,
        now.to_sqlx() as _
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find reply address")?;
    Ok(row.map(|row| ReplyAddress {
        conversation: ConversationId(row.conversation),
        delivery: DeliveryId(row.delivery),
        address: AddressId(row.address),
        is_theirs: row.is_theirs,
    }))
}

/// Makes a conversation's reply addresses void; says how many were valid.
pub async fn revoke_reply_addresses(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    now: Timestamp,
) -> Result<u64> {
    let revoked = sqlx::query!(
        "UPDATE reply_address SET revoked_at = $3
         WHERE workspace_id = $1 AND conversation = $2 AND revoked_at IS NULL AND expires_at > $3",
        workspace.as_str(),
        conversation.0,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("revoke reply addresses")?;
    Ok(revoked.rows_affected())
}

/// Deletes some addresses of all workspaces that expired before `before`; says how many. In a worker's transaction.
pub async fn prune_reply_addresses(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM reply_address r USING (
           SELECT workspace_id, token_hash FROM reply_address WHERE expires_at < $1 LIMIT $2) old
         WHERE r.workspace_id = old.workspace_id AND r.token_hash = old.token_hash",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune reply addresses")?;
    Ok(pruned.rows_affected())
}
