//! What belongs to an order: its lines, its parcels, its versions, and what it says of its customer.

use super::unreadable;
use crate::domain::{DataKey, DataValue, Order, OrderLine, OrderStatus, OrderVersion, Parcel, Said};
use domain::WorkspaceId;
use fault::{Fault, Result};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use store::OrFault;
use uuid::Uuid;

/// Versions that are shown of one order.
const NEWEST: i64 = 50;

/// Writes lines and parcels of a locked order in place of those it had.
pub async fn write(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, order: &Order) -> Result<()> {
    sqlx::query!(
        "DELETE FROM purchase_line WHERE workspace_id = $1 AND purchase_id = $2",
        workspace.as_str(),
        id
    )
    .execute(&mut *db)
    .await
    .or_fault("remove lines of purchase")?;
    sqlx::query!(
        "DELETE FROM purchase_parcel WHERE workspace_id = $1 AND purchase_id = $2",
        workspace.as_str(),
        id
    )
    .execute(&mut *db)
    .await
    .or_fault("remove parcels of purchase")?;
    let lines = &order.lines;
    let names: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
    let skus: Vec<Option<String>> = lines.iter().map(|line| line.sku.clone()).collect();
    let quantities = lines
        .iter()
        .map(|line| i32::try_from(line.quantity).map_err(Fault::internal));
    let quantities: Vec<i32> = quantities.collect::<Result<_>>()?;
    let prices: Vec<i64> = lines.iter().map(|line| line.unit_minor).collect();
    sqlx::query!(
        "INSERT INTO purchase_line (workspace_id, purchase_id, no, name, sku, quantity, unit_minor)
         SELECT $1, $2, l.no, l.name, l.sku, l.quantity, l.unit
         FROM UNNEST($3::text[], $4::text[], $5::integer[], $6::bigint[]) WITH ORDINALITY AS l(name, sku, quantity, unit, no)",
        workspace.as_str(),
        id,
        &names,
        skus as _,
        &quantities,
        &prices,
    )
    .execute(&mut *db)
    .await
    .or_fault("insert lines of purchase")?;
    let parcels = &order.parcels;
    let carriers: Vec<String> = parcels.iter().map(|parcel| parcel.carrier.clone()).collect();
    let numbers: Vec<String> = parcels.iter().map(|parcel| parcel.tracking_number.clone()).collect();
    let urls: Vec<Option<String>> = parcels.iter().map(|parcel| parcel.tracking_url.clone()).collect();
    let statuses: Vec<Option<String>> = parcels.iter().map(|parcel| parcel.status.clone()).collect();
    sqlx::query!(
        "INSERT INTO purchase_parcel (workspace_id, purchase_id, no, carrier, tracking_number, tracking_url, status)
         SELECT $1, $2, p.no, p.carrier, p.number, p.url, p.status
         FROM UNNEST($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS p(carrier, number, url, status, no)",
        workspace.as_str(),
        id,
        &carriers,
        &numbers,
        urls as _,
        statuses as _,
    )
    .execute(db)
    .await
    .or_fault("insert parcels of purchase")?;
    Ok(())
}

/// Lines of these orders in their order.
pub async fn lines(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<OrderLine>>> {
    let rows = sqlx::query!(
        "SELECT purchase_id, name, sku, quantity, unit_minor FROM purchase_line
         WHERE workspace_id = $1 AND purchase_id = ANY($2) ORDER BY purchase_id, no",
        workspace.as_str(),
        ids,
    )
    .fetch_all(db)
    .await
    .or_fault("read lines of purchases")?;
    let mut lines: HashMap<Uuid, Vec<OrderLine>> = HashMap::new();
    for row in rows {
        lines.entry(row.purchase_id).or_default().push(OrderLine {
            name: row.name,
            sku: row.sku,
            quantity: row.quantity.unsigned_abs(),
            unit_minor: row.unit_minor,
        });
    }
    Ok(lines)
}

/// Parcels of these orders in their order.
pub async fn parcels(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Parcel>>> {
    let rows = sqlx::query!(
        "SELECT purchase_id, carrier, tracking_number, tracking_url, status FROM purchase_parcel
         WHERE workspace_id = $1 AND purchase_id = ANY($2) ORDER BY purchase_id, no",
        workspace.as_str(),
        ids,
    )
    .fetch_all(db)
    .await
    .or_fault("read parcels of purchases")?;
    let mut parcels: HashMap<Uuid, Vec<Parcel>> = HashMap::new();
    for row in rows {
        parcels.entry(row.purchase_id).or_default().push(Parcel {
            carrier: row.carrier,
            tracking_number: row.tracking_number,
            tracking_url: row.tracking_url,
            status: row.status,
        });
    }
    Ok(parcels)
}

/// The newest versions of each of these orders, newest first.
pub async fn history(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<OrderVersion>>> {
    let rows = sqlx::query!(
        "SELECT v.purchase_id, v.version, v.status, v.at, v.recorded_at FROM UNNEST($2::uuid[]) AS p(id)
         CROSS JOIN LATERAL (SELECT * FROM purchase_version v WHERE v.workspace_id = $1 AND v.purchase_id = p.id
           ORDER BY v.version DESC LIMIT $3) v
         ORDER BY v.purchase_id, v.version DESC",
        workspace.as_str(),
        ids,
        NEWEST,
    )
    .fetch_all(db)
    .await
    .or_fault("read history of purchases")?;
    let mut history: HashMap<Uuid, Vec<OrderVersion>> = HashMap::new();
    for row in rows {
        history.entry(row.purchase_id).or_default().push(OrderVersion {
            version: row.version.unsigned_abs(),
            status: OrderStatus::from_word(&row.status).ok_or_else(|| unreadable("purchase_version.status"))?,
            at: row.at.to_jiff(),
            recorded_at: row.recorded_at.to_jiff(),
        });
    }
    Ok(history)
}

/// What a locked order said of its customer so far.
pub async fn said(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid) -> Result<Said> {
    let rows = sqlx::query!(
        "SELECT key, value, version FROM purchase_data WHERE workspace_id = $1 AND purchase_id = $2",
        workspace.as_str(),
        id,
    )
    .fetch_all(db)
    .await
    .or_fault("read what a purchase said")?;
    let read = rows.into_iter().map(|row| {
        let (key, value) = datum(&row.key, &row.value)?;
        Ok((key, (row.version.unsigned_abs(), value)))
    });
    read.collect()
}

/// Keeps what a version of a locked order says of its customer, in place of what lower ones said.
pub async fn keep_said(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, news: &Said) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = news.keys().map(|key| key.as_str().to_owned()).collect();
    let values: Vec<String> = news.values().map(|(_, value)| value.expose().to_owned()).collect();
    let versions = news
        .values()
        .map(|(version, _)| i64::try_from(*version).map_err(Fault::internal));
    sqlx::query!(
        "INSERT INTO purchase_data (workspace_id, purchase_id, key, value, version)
         SELECT $1, $2, d.key, d.value, d.version FROM UNNEST($3::text[], $4::text[], $5::bigint[]) AS d(key, value, version)
         ON CONFLICT (workspace_id, purchase_id, key) DO UPDATE SET value = EXCLUDED.value, version = EXCLUDED.version",
        workspace.as_str(),
        id,
        &keys,
        &values,
        &versions.collect::<Result<Vec<_>>>()?,
    )
    .execute(db)
    .await
    .or_fault("keep what a purchase says")?;
    Ok(())
}

/// What each of these orders says of its customer.
pub async fn data(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, BTreeMap<DataKey, DataValue>>> {
    let rows = sqlx::query!(
        "SELECT purchase_id, key, value FROM purchase_data WHERE workspace_id = $1 AND purchase_id = ANY($2)",
        workspace.as_str(),
        ids,
    )
    .fetch_all(db)
    .await
    .or_fault("read what purchases say")?;
    let mut data: HashMap<Uuid, BTreeMap<DataKey, DataValue>> = HashMap::new();
    for row in rows {
        let (key, value) = datum(&row.key, &row.value)?;
        data.entry(row.purchase_id).or_default().insert(key, value);
    }
    Ok(data)
}

fn datum(key: &str, value: &str) -> Result<(DataKey, DataValue)> {
    let key = DataKey::parse(key).map_err(|_| unreadable("purchase_data.key"))?;
    let value = DataValue::parse(value).map_err(|_| unreadable("purchase_data.value"))?;
    Ok((key, value))
}
