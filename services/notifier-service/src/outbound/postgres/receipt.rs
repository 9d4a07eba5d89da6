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
