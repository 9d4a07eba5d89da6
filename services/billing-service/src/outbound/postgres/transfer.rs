use super::{amount, unreadable};
use crate::domain::{Cursor, Entry, JournalLine, Ledger, Period, Reason};
use domain::{DeliveryId, Pu, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// One line for the journal.
#[derive(Debug, Clone)]
pub struct Line {
    pub workspace: WorkspaceId,
    pub id: Uuid,
    pub delivery: DeliveryId,
    pub entry: Entry,
}

/// Appends lines about deliveries.
pub async fn append(db: &mut PgConnection, lines: &[Line], at: Timestamp) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let workspaces: Vec<String> = lines.iter().map(|line| line.workspace.to_string()).collect();
    let ids: Vec<Uuid> = lines.iter().map(|line| line.id).collect();
    let deliveries: Vec<Uuid> = lines.iter().map(|line| line.delivery.0).collect();
    let words = |word: fn(&Entry) -> &'static str| -> Vec<String> {
        lines.iter().map(|line| word(&line.entry).to_owned()).collect()
    };
    let amounts: Vec<i64> = lines.iter().map(|line| line.entry.amount.micro()).collect();
    sqlx::query!(
        "INSERT INTO transfer (workspace_id, id, delivery, reason, debit, credit, amount, at)
         SELECT l.workspace_id, l.id, l.delivery, l.reason, l.debit, l.credit, l.amount, $8
         FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[])
           AS l(workspace_id, id, delivery, reason, debit, credit, amount)",
        &workspaces,
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

/// What a request to top up said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopUp {
    pub amount: Pu,
    /// `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// What was booked for a request to top up; `None`: nothing.
pub async fn top_up(db: &mut PgConnection, workspace: &WorkspaceId, request_id: &str) -> Result<Option<TopUp>> {
    let row = sqlx::query!(
        r#"SELECT t.amount, l.expires_at AS "expires_at?" FROM transfer t
           LEFT JOIN lot l ON l.workspace_id = t.workspace_id AND l.id = t.lot
           WHERE t.workspace_id = $1 AND t.request_id = $2"#,
        workspace.as_str(),
        request_id,
    )
    .fetch_optional(db)
    .await
    .or_fault("read top-up")?;
    row.map(|row| {
        Ok(TopUp {
            amount: amount("transfer.amount", row.amount)?,
            expires_at: row.expires_at.map(|at| at.to_jiff()),
        })
    })
    .transpose()
}

/// Appends a top-up, and the lot that it fills.
pub async fn append_top_up(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    request_id: &str,
    (id, entry, lot): (Uuid, Entry, Option<Uuid>),
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO transfer (workspace_id, id, request_id, lot, reason, debit, credit, amount, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        workspace.as_str(),
        id,
        request_id,
        lot,
        entry.reason.word(),
        entry.debit.word(),
        entry.credit.word(),
        entry.amount.micro(),
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("append top-up")?;
    Ok(())
}

/// Appends a line that fills or empties a lot.
pub async fn append_of_lot(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, entry): (Uuid, Entry),
    lot: Uuid,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO transfer (workspace_id, id, lot, reason, debit, credit, amount, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace.as_str(),
        id,
        lot,
        entry.reason.word(),
        entry.debit.word(),
        entry.credit.word(),
        entry.amount.micro(),
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("append transfer of lot")?;
    Ok(())
}

/// A page of the journal, newest first: what is older than the cursor.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    period: Period,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<JournalLine>> {
    let rows = sqlx::query!(
        "SELECT id, at, reason, debit, credit, amount, delivery, request_id FROM transfer
         WHERE workspace_id = $1 AND at >= $2 AND at < $3
           AND ($4::timestamptz IS NULL OR (at, id) < ($4, $5))
         ORDER BY at DESC, id DESC LIMIT $6",
        workspace.as_str(),
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        after.map(|cursor| cursor.at.to_sqlx()) as _,
        after.map(|cursor| cursor.id) as _,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list transfers")?;
    let ledger = |word: &str| Ledger::from_word(word).ok_or_else(|| unreadable("side of a transfer"));
    rows.into_iter()
        .map(|row| {
            let entry = Entry {
                reason: Reason::from_word(&row.reason).ok_or_else(|| unreadable("transfer.reason"))?,
                debit: ledger(&row.debit)?,
                credit: ledger(&row.credit)?,
                amount: amount("transfer.amount", row.amount)?,
            };
            Ok(JournalLine {
                id: row.id,
                at: row.at.to_jiff(),
                entry,
                delivery: row.delivery.map(DeliveryId),
                request_id: row.request_id,
            })
        })
        .collect()
}
