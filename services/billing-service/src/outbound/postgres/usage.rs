use super::hold::read_terms;
use super::{amount, unreadable};
use crate::domain::{By, Charge, Cursor, Filter, HoldState, Kind, Period, UsageRow};
use domain::{Country, DeliveryId, WorkspaceId};
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
    filter: Filter,
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
             AND ($6::text IS NULL OR kind = $6) AND ($7::text IS NULL OR country = $7)
           GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"#,
        workspace.as_str(),
        time_zone,
        format,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        filter.kind.map(Kind::word),
        filter.country.as_ref().map(Country::as_str),
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
    filter: Filter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Charge>> {
    let rows = sqlx::query!(
        r#"SELECT id, kind AS "kind!", country AS "country!", parts AS "parts!", amount, state, created_at, settled_at
           FROM hold
           WHERE workspace_id = $1 AND kind IS NOT NULL
             AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
             AND ($5::timestamptz IS NULL OR created_at >= $5) AND ($6::timestamptz IS NULL OR created_at < $6)
             AND ($7::text IS NULL OR state = $7) AND ($8::text IS NULL OR kind = $8)
             AND ($9::text IS NULL OR country = $9)
           ORDER BY created_at DESC, id DESC LIMIT $4"#,
        workspace.as_str(),
        after.map(|cursor| cursor.at.to_sqlx()) as _,
        after.map(|cursor| cursor.delivery.0) as _,
        limit,
        filter.period.map(|period| period.from.to_sqlx()) as _,
        filter.period.map(|period| period.to.to_sqlx()) as _,
        filter.state.map(HoldState::word),
        filter.kind.map(Kind::word),
        filter.country.as_ref().map(Country::as_str),
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
                settled_at: row.settled_at.map(|at| at.to_jiff()),
            })
        })
        .collect()
}
