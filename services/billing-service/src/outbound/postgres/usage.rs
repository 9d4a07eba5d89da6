use super::hold::read_terms;
use super::{amount, unreadable};
use crate::domain::{By, Charge, Cursor, HoldState, Kind, Period, UsageRow};
use domain::{DeliveryId, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// Sums of what was captured, by period, kind and country.
pub async fn sum(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    period: Period,
    by: By,
    time_zone: &str,
) -> Result<Vec<UsageRow>> {
    let format = match by {
        By::Day => "YYYY-MM-DD",
        By::Month => "YYYY-MM",
    };
    let rows = sqlx::query!(
        r#"SELECT to_char(settled_at AT TIME ZONE $2, $3) AS "period!", kind AS "kind!", country AS "country!",
             count(*) AS "messages!", sum(parts)::bigint AS "parts!", sum(amount)::bigint AS "amount!"
           FROM hold
           WHERE workspace_id = $1 AND state = 'captured' AND settled_at >= $4 AND settled_at < $5
           GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"#,
        workspace.as_str(),
        time_zone,
        format,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
    )
    .fetch_all(db)
    .await
    .or_fault("sum usage")?;
    rows.into_iter()
        .map(|row| {
            Ok(UsageRow {
                period: row.period,
                kind: Kind::from_word(&row.kind).ok_or_else(|| unreadable("hold.kind"))?,
                country: row.country,
                messages: u64::try_from(row.messages).map_err(|_| unreadable("count of messages"))?,
                parts: u64::try_from(row.parts).map_err(|_| unreadable("sum of parts"))?,
                amount: amount("sum of amounts", row.amount)?,
            })
        })
        .collect()
}

/// A page of the log, newest first: what is older than the cursor.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Charge>> {
    let rows = sqlx::query!(
        r#"SELECT id, kind AS "kind!", country AS "country!", parts AS "parts!", amount, state, created_at FROM hold
           WHERE workspace_id = $1 AND kind IS NOT NULL
             AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
           ORDER BY created_at DESC, id DESC LIMIT $4"#,
        workspace.as_str(),
        after.map(|cursor| cursor.at.to_sqlx()) as _,
        after.map(|cursor| cursor.delivery.0) as _,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list charges")?;
    rows.into_iter()
        .map(|row| {
            Ok(Charge {
                delivery: DeliveryId(row.id),
                terms: read_terms(&row.kind, &row.country, row.parts)?,
                amount: amount("hold.amount", row.amount)?,
                state: HoldState::from_word(&row.state).ok_or_else(|| unreadable("hold.state"))?,
                at: row.created_at.to_jiff(),
            })
        })
        .collect()
}
