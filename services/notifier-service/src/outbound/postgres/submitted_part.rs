use domain::{DeliveryId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// Keeps what a provider calls one of a delivery's parts. A provider that begins its ids again means the newer text.
pub async fn add_submitted_part(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (provider, provider_id): (&str, &str),
    delivery: DeliveryId,
    parts: u32,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO submitted_part (workspace_id, provider, provider_id, delivery, parts, at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, provider, provider_id)
         DO UPDATE SET delivery = excluded.delivery, parts = excluded.parts, arrived = false, at = excluded.at
         WHERE submitted_part.delivery <> excluded.delivery",
        workspace.as_str(),
        provider,
        provider_id,
        delivery.0,
        i32::try_from(parts).map_err(Fault::internal)?,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("add submitted part")?;
    Ok(())
}

/// Whose text a provider's id is of, whatever the workspace; the newest. In a worker's transaction.
pub async fn find_submitted_part(
    tx: &mut Tx,
    (provider, provider_id): (&str, &str),
) -> Result<Option<(WorkspaceId, DeliveryId)>> {
    let row = sqlx::query!(
        "SELECT workspace_id, delivery FROM submitted_part WHERE provider = $1 AND provider_id = $2
         ORDER BY at DESC LIMIT 1",
        provider,
        provider_id
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find submitted part")?;
    let Some(row) = row else {
        return Ok(None);
    };
    let workspace = WorkspaceId::parse(&row.workspace_id).map_err(Fault::internal)?;
    Ok(Some((workspace, DeliveryId(row.delivery))))
}

/// Notes that a part arrived; true once all parts of its text did.
pub async fn arrive_submitted_part(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    delivery: DeliveryId,
    (provider, provider_id): (&str, &str),
) -> Result<bool> {
    // Parts of one text that arrive together wait for each other here, so that the last one sees the others.
    let parts = sqlx::query!(
        "SELECT provider_id, parts, arrived FROM submitted_part
         WHERE workspace_id = $1 AND delivery = $2 AND provider = $3 ORDER BY provider_id FOR UPDATE",
        workspace.as_str(),
        delivery.0,
        provider
    )
    .fetch_all(&mut **tx)
    .await
    .or_fault("lock submitted parts")?;
    sqlx::query!(
        "UPDATE submitted_part SET arrived = true WHERE workspace_id = $1 AND provider = $2 AND provider_id = $3",
        workspace.as_str(),
        provider,
        provider_id
    )
    .execute(&mut **tx)
    .await
    .or_fault("arrive submitted part")?;
    let arrived = parts
        .iter()
        .filter(|part| part.arrived || part.provider_id == provider_id);
    let of = parts.iter().map(|part| part.parts).max().unwrap_or_default();
    Ok(arrived.count() >= usize::try_from(of).map_err(Fault::internal)?)
}

/// Deletes some parts of all workspaces that were submitted before `before`; says how many. In a worker's transaction.
pub async fn prune_submitted_parts(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM submitted_part p
         USING (SELECT workspace_id, provider, provider_id FROM submitted_part WHERE at < $1 LIMIT $2) old
         WHERE p.workspace_id = old.workspace_id AND p.provider = old.provider AND p.provider_id = old.provider_id",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune submitted parts")?;
    Ok(pruned.rows_affected())
}
