use super::amount;
use crate::domain::Lot;
use domain::{Pu, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// The lots that have not expired, as they were last settled. Whoever changes them has locked the account.
pub async fn open(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<Lot>> {
    let rows = sqlx::query!(
        "SELECT id, amount, rest, paid_at, expires_at FROM lot
         WHERE workspace_id = $1 AND due_at IS NOT NULL ORDER BY expires_at, id",
        workspace.as_str(),
    )
    .fetch_all(db)
    .await
    .or_fault("read lots")?;
    rows.into_iter()
        .map(|row| {
            Ok(Lot {
                id: row.id,
                amount: amount("lot.amount", row.amount)?,
                rest: amount("lot.rest", row.rest)?,
                paid_at: row.paid_at.to_jiff(),
                expires_at: row.expires_at.to_jiff(),
            })
        })
        .collect()
}

/// Writes a new lot; `period` names the month of an allowance. False where that month has its allowance.
pub async fn insert(db: &mut PgConnection, workspace: &WorkspaceId, lot: &Lot, period: Option<&str>) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO lot (workspace_id, id, period, amount, rest, paid_at, expires_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (workspace_id, period) WHERE period IS NOT NULL DO NOTHING",
        workspace.as_str(),
        lot.id,
        period,
        lot.amount.micro(),
        lot.rest.micro(),
        lot.paid_at.to_sqlx() as _,
        lot.expires_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert lot")?;
    Ok(done.rows_affected() == 1)
}

/// Writes what is left of lots.
pub async fn save(db: &mut PgConnection, workspace: &WorkspaceId, lots: &[Lot]) -> Result<()> {
    if lots.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = lots.iter().map(|lot| lot.id).collect();
    let rests: Vec<i64> = lots.iter().map(|lot| lot.rest).map(Pu::micro).collect();
    sqlx::query!(
        "UPDATE lot SET rest = n.rest FROM UNNEST($2::uuid[], $3::bigint[]) AS n(id, rest)
         WHERE lot.workspace_id = $1 AND lot.id = n.id AND lot.rest <> n.rest",
        workspace.as_str(),
        &ids,
        &rests,
    )
    .execute(db)
    .await
    .or_fault("save lots")?;
    Ok(())
}

/// Nothing is left of a lot, and its time is over.
pub async fn close(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
    sqlx::query!(
        "UPDATE lot SET rest = 0, due_at = NULL, leased_until = NULL WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id,
    )
    .execute(db)
    .await
    .or_fault("close lot")?;
    Ok(())
}
