use super::purchase_details::{self as details};
use super::unreadable;
use crate::domain::page::Placed;
use crate::domain::{Kept, Order, OrderKey, OrderStatus, Purchase};
use domain::{ContactId, IntegrationId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use store::OrFault;
use uuid::Uuid;

/// Whose an order is.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    pub contact: ContactId,
    /// The contact that it is part of now, locked.
    pub survivor: ContactId,
}

/// Makes an order where there is none yet, without lines and parcels.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, key): (Uuid, &OrderKey),
    order: &Order,
    owner: Owner,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO purchase (workspace_id, id, integration, order_id, version, contact_id, contact_version, owner_id, status,
           currency, total_minor, channel, placed_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $5, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        id,
        key.integration.as_str(),
        key.order,
        number(order.version)?,
        owner.contact.0,
        owner.survivor.0,
        order.status.word(),
        order.currency,
        order.total_minor,
        order.channel,
        order.placed_at.to_sqlx() as _,
        order.changed_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert purchase")?;
    Ok(())
}

/// Whose an order is now.
pub async fn owner(db: &mut PgConnection, workspace: &WorkspaceId, key: &OrderKey) -> Result<Option<ContactId>> {
    let found = sqlx::query_scalar!(
        "SELECT owner_id FROM purchase WHERE workspace_id = $1 AND integration = $2 AND order_id = $3",
        workspace.as_str(),
        key.integration.as_str(),
        key.order,
    )
    .fetch_optional(db)
    .await
    .or_fault("look for owner of purchase")?;
    Ok(found.map(ContactId))
}

/// Locks an order; what is kept of it, and whose it is now.
pub async fn lock(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    key: &OrderKey,
) -> Result<Option<(Uuid, Kept, ContactId)>> {
    let row = sqlx::query!(
        "SELECT id, version, contact_version, owner_id FROM purchase
         WHERE workspace_id = $1 AND integration = $2 AND order_id = $3 FOR UPDATE",
        workspace.as_str(),
        key.integration.as_str(),
        key.order,
    )
    .fetch_optional(db)
    .await
    .or_fault("lock purchase")?;
    let kept = |version: i64, contact_version: i64| Kept {
        version: version.unsigned_abs(),
        contact_version: contact_version.unsigned_abs(),
    };
    Ok(row.map(|row| (row.id, kept(row.version, row.contact_version), ContactId(row.owner_id))))
}

/// The digest of what a version of an order said, if it was told of.
pub async fn digest(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    key: &OrderKey,
    version: u64,
) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "SELECT v.digest FROM purchase p
           JOIN purchase_version v ON v.workspace_id = p.workspace_id AND v.purchase_id = p.id
         WHERE p.workspace_id = $1 AND p.integration = $2 AND p.order_id = $3 AND v.version = $4",
        workspace.as_str(),
        key.integration.as_str(),
        key.order,
        number(version)?,
    )
    .fetch_optional(db)
    .await
    .or_fault("look for version of purchase")
}

/// Notes a version of a locked order; what the same version said where it was told of before.
pub async fn note_version(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: Uuid,
    (order, digest): (&Order, &[u8]),
    now: Timestamp,
) -> Result<Option<Vec<u8>>> {
    let version = number(order.version)?;
    let noted = sqlx::query!(
        "INSERT INTO purchase_version (workspace_id, purchase_id, version, digest, status, at, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        id,
        version,
        digest,
        order.status.word(),
        order.changed_at.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("note version of purchase")?;
    if noted.rows_affected() == 1 {
        return Ok(None);
    }
    let before = sqlx::query_scalar!(
        "SELECT digest FROM purchase_version WHERE workspace_id = $1 AND purchase_id = $2 AND version = $3",
        workspace.as_str(),
        id,
        version,
    )
    .fetch_one(db)
    .await
    .or_fault("read version of purchase")?;
    Ok(Some(before))
}

/// Writes what a locked order is from now on.
pub async fn write(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, order: &Order) -> Result<()> {
    sqlx::query!(
        "UPDATE purchase SET version = $3, status = $4, currency = $5, total_minor = $6, channel = $7, placed_at = $8,
           changed_at = $9
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id,
        number(order.version)?,
        order.status.word(),
        order.currency,
        order.total_minor,
        order.channel,
        order.placed_at.to_sqlx() as _,
        order.changed_at.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("update purchase")?;
    details::write(db, workspace, id, order).await
}

/// Says whose a locked order is, as this version does. Where its contact is part of the same one already, it stays theirs: if they
/// are parted again, it goes with who ordered it.
pub async fn give(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, version: u64, owner: Owner) -> Result<()> {
    sqlx::query!(
        "UPDATE purchase SET contact_id = CASE WHEN owner_id = $4 THEN contact_id ELSE $3 END, owner_id = $4, contact_version = $5
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id,
        owner.contact.0,
        owner.survivor.0,
        number(version)?,
    )
    .execute(db)
    .await
    .or_fault("give purchase to contact")?;
    Ok(())
}

/// Gives all orders of a locked contact to the one it went into.
pub async fn move_all(db: &mut PgConnection, workspace: &WorkspaceId, from: ContactId, to: ContactId) -> Result<()> {
    sqlx::query!(
        "UPDATE purchase SET owner_id = $3 WHERE workspace_id = $1 AND owner_id = $2",
        workspace.as_str(),
        from.0,
        to.0,
    )
    .execute(db)
    .await
    .or_fault("move purchases of contact")?;
    Ok(())
}

/// Gives orders of these contacts back from a locked one to the locked one that comes out of it.
pub async fn move_back(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (from, to): (ContactId, ContactId),
    of: &[ContactId],
) -> Result<()> {
    let of: Vec<Uuid> = of.iter().map(|contact| contact.0).collect();
    sqlx::query!(
        "UPDATE purchase SET owner_id = $3 WHERE workspace_id = $1 AND owner_id = $2 AND contact_id = ANY($4)",
        workspace.as_str(),
        from.0,
        to.0,
        &of,
    )
    .execute(db)
    .await
    .or_fault("move purchases back")?;
    Ok(())
}

/// Orders of a contact below a mark, the newest first, still without lines, parcels, data and history. Nobody tells a newer version of one
/// until the transaction ends, so that what is read after this fits.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    owner: ContactId,
    below: Option<Placed>,
    limit: i64,
) -> Result<Vec<(Uuid, Purchase)>> {
    let rows = sqlx::query!(
        "SELECT id, integration, order_id, version, status, currency, total_minor, channel, placed_at, changed_at
         FROM purchase WHERE workspace_id = $1 AND owner_id = $2
           AND ($3::timestamptz IS NULL OR (placed_at, id) < ($3, $4))
         ORDER BY placed_at DESC, id DESC LIMIT $5 FOR SHARE",
        workspace.as_str(),
        owner.0,
        below.map(|below| below.at.to_sqlx()) as _,
        below.map(|below| below.id),
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list purchases")?;
    rows.into_iter()
        .map(|row| {
            let integration = IntegrationId::parse(&row.integration);
            let purchase = Purchase {
                key: OrderKey {
                    integration: integration.map_err(|_| unreadable("purchase.integration"))?,
                    order: row.order_id,
                },
                order: Order {
                    version: row.version.unsigned_abs(),
                    status: OrderStatus::from_word(&row.status).ok_or_else(|| unreadable("purchase.status"))?,
                    currency: row.currency,
                    total_minor: row.total_minor,
                    lines: vec![],
                    parcels: vec![],
                    channel: row.channel,
                    placed_at: row.placed_at.to_jiff(),
                    changed_at: row.changed_at.to_jiff(),
                    data: BTreeMap::new(),
                },
                history: vec![],
            };
            Ok((row.id, purchase))
        })
        .collect()
}

/// These orders with all that belongs to them.
pub async fn with_details(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    heads: Vec<(Uuid, Purchase)>,
) -> Result<Vec<Purchase>> {
    let ids: Vec<Uuid> = heads.iter().map(|(id, _)| *id).collect();
    let mut lines = details::lines(db, workspace, &ids).await?;
    let mut parcels = details::parcels(db, workspace, &ids).await?;
    let mut history = details::history(db, workspace, &ids).await?;
    let mut data = details::data(db, workspace, &ids).await?;
    let whole = heads.into_iter().map(|(id, mut purchase)| {
        purchase.order.lines = lines.remove(&id).unwrap_or_default();
        purchase.order.parcels = parcels.remove(&id).unwrap_or_default();
        purchase.order.data = data.remove(&id).unwrap_or_default();
        purchase.history = history.remove(&id).unwrap_or_default();
        purchase
    });
    Ok(whole.collect())
}

fn number(version: u64) -> Result<i64> {
    i64::try_from(version).map_err(Fault::internal)
}
