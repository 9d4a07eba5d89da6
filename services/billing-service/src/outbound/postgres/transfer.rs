use crate::domain::Entry;
use domain::{DeliveryId, Pu, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// One line for the journal.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub id: Uuid,
    pub delivery: DeliveryId,
    pub entry: Entry,
}

/// Appends lines about deliveries.
pub async fn append(db: &mut PgConnection, workspace: &WorkspaceId, lines: &[Line], at: Timestamp) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = lines.iter().map(|line| line.id).collect();
    let deliveries: Vec<Uuid> = lines.iter().map(|line| line.delivery.0).collect();
    let words = |word: fn(&Entry) -> &'static str| -> Vec<String> {
        lines.iter().map(|line| word(&line.entry).to_owned()).collect()
    };
    let amounts: Vec<i64> = lines.iter().map(|line| line.entry.amount.micro()).collect();
    sqlx::query!(
        "INSERT INTO transfer (workspace_id, id, delivery, reason, debit, credit, amount, at)
         SELECT $1, l.id, l.delivery, l.reason, l.debit, l.credit, l.amount, $8
         FROM UNNEST($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[])
           AS l(id, delivery, reason, debit, credit, amount)",
        workspace.as_str(),
        &ids,
        &deliveries,
        &words(|entry| entry.reason.word()),
        &words(|entry| entry.debit.word()),
        &words(|entry| entry.credit.word()),
        &amounts,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("append transfers")?;
    Ok(())
}

/// Appends a top-up. `None` if this request was booked now, else the amount it was booked with before.
pub async fn append_top_up(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    request_id: &str,
    (id, entry): (Uuid, Entry),
    at: Timestamp,
) -> Result<Option<Pu>> {
    let done = sqlx::query!(
        "INSERT INTO transfer (workspace_id, id, request_id, reason, debit, credit, amount, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (workspace_id, request_id) WHERE request_id IS NOT NULL DO NOTHING",
        workspace.as_str(),
        id,
        request_id,
        entry.reason.word(),
        entry.debit.word(),
        entry.credit.word(),
        entry.amount.micro(),
        at.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("append top-up")?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    let booked = sqlx::query_scalar!(
        "SELECT amount FROM transfer WHERE workspace_id = $1 AND request_id = $2",
        workspace.as_str(),
        request_id,
    )
    .fetch_one(db)
    .await
    .or_fault("read top-up")?;
    Pu::from_micro(booked).map(Some).map_err(Fault::internal)
}
