use domain::{DeliveryId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// Keeps what a provider told; false if it told so before.
pub async fn add_receipt(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    delivery: DeliveryId,
    provider_id: &str,
    status: &str,
    now: Timestamp,
) -> Result<bool> {
    let added = sqlx::query!(
        "INSERT INTO receipt (workspace_id, delivery, provider_id, status, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        delivery.0,
        provider_id,
        status,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("add receipt")?;
    Ok(added.rows_affected() == 1)
}

/// Deletes some receipts of all workspaces that are older than `before`; says how many. In a worker's transaction.
pub async fn prune_receipts(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM receipt r USING (SELECT workspace_id, delivery, provider_id, status FROM receipt WHERE at < $1 LIMIT $2) old
         WHERE r.workspace_id = old.workspace_id
           AND r.delivery = old.delivery
           AND r.provider_id = old.provider_id
           AND r.status = old.status",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune receipts")?;
    Ok(pruned.rows_affected())
}
