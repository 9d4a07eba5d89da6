use super::hold::read_terms;
use super::{amount, unreadable};
use crate::domain::{By, Charge, Cursor, Filter, Hold, HoldState, Kind, Period, Receipt, Terms, UsageRow};
use domain::{Country, DeliveryId, Timestamp, WorkspaceId};
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
    let (first, last) = period.quarters();
    // Whole quarters as they are kept, their edges message by message.
    let rows = sqlx::query!(
        r#"SELECT to_char(at AT TIME ZONE $2, $3) AS "period!", kind AS "kind!", country AS "country!",
             sum(messages)::bigint AS "messages!", sum(parts)::bigint AS "parts!", sum(amount)::bigint AS "amount!"
           FROM (
             SELECT quarter AS at, kind, country, messages, parts, amount FROM usage
             WHERE workspace_id = $1 AND quarter >= $6 AND quarter < $7
             UNION ALL
             SELECT settled_at, kind, country, 1, parts, amount FROM hold
             WHERE workspace_id = $1 AND state = 'captured' AND settled_at >= $4 AND settled_at < $6
             UNION ALL
             SELECT settled_at, kind, country, 1, parts, amount FROM hold
             WHERE workspace_id = $1 AND state = 'captured' AND settled_at >= $7 AND settled_at < $5
             UNION ALL
             SELECT settled_at, kind, country, 1, parts, amount FROM hold
             WHERE workspace_id = $1 AND state = 'captured' AND NOT metered AND settled_at >= $6 AND settled_at < $7
           ) AS captured
           WHERE ($8::text IS NULL OR kind = $8) AND ($9::text IS NULL OR country = $9)
           GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"#,
        workspace.as_str(),
        time_zone,
        format,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        first.to_sqlx() as _,
        last.to_sqlx() as _,
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

/// Adds what was captured at this time.
pub async fn add(db: &mut PgConnection, captured: &[(WorkspaceId, Hold)], at: Timestamp) -> Result<()> {
    let sold: Vec<(&WorkspaceId, Terms, i64)> = captured
        .iter()
        .filter_map(|(workspace, hold)| Some((workspace, hold.terms?, hold.amount.micro())))
        .collect();
    if sold.is_empty() {
        return Ok(());
    }
    let workspaces: Vec<String> = sold.iter().map(|(workspace, ..)| workspace.to_string()).collect();
    let kinds: Vec<String> = sold.iter().map(|(_, terms, _)| terms.kind.word().to_owned()).collect();
    let country = |terms: &Terms| {
        terms
            .country
            .as_ref()
            .map_or_else(String::new, |code| code.as_str().into())
    };
    let countries: Vec<String> = sold.iter().map(|(_, terms, _)| country(terms)).collect();
    let parts: Vec<i64> = sold.iter().map(|(_, terms, _)| i64::from(terms.parts)).collect();
    let amounts: Vec<i64> = sold.iter().map(|(_, _, amount)| *amount).collect();
    // In one order, so that two transactions cannot wait for each other.
    sqlx::query!(
        "INSERT INTO usage (workspace_id, quarter, kind, country, messages, parts, amount)
         SELECT n.workspace_id, date_bin('15 minutes', $2, '2000-01-01T00:00:00Z'), n.kind, n.country, count(*),
           sum(n.parts), sum(n.amount)
         FROM UNNEST($1::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
           AS n(workspace_id, kind, country, parts, amount)
         GROUP BY n.workspace_id, n.kind, n.country ORDER BY n.workspace_id, n.kind, n.country
         ON CONFLICT (workspace_id, quarter, kind, country) DO UPDATE SET
           messages = usage.messages + excluded.messages, parts = usage.parts + excluded.parts,
           amount = usage.amount + excluded.amount",
        &workspaces,
        at.to_sqlx() as _,
        &kinds,
        &countries,
        &parts,
        &amounts,
    )
    .execute(db)
    .await
    .or_fault("add to usage")?;
    Ok(())
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
        r#"SELECT id, kind AS "kind!", country AS "country!", parts AS "parts!", amount, state, created_at, settled_at,
             receipt, receipt_at
           FROM hold
           WHERE workspace_id = $1 AND kind IS NOT NULL
             AND created_at <= COALESCE($2, 'infinity'::timestamptz)
             AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
             AND created_at >= COALESCE($5, '-infinity'::timestamptz)
             AND created_at < COALESCE($6, 'infinity'::timestamptz)
             AND ($7::text IS NULL OR state = $7) AND ($8::text IS NULL OR kind = $8)
             AND ($9::text IS NULL OR country = $9)
           ORDER BY created_at DESC, id DESC LIMIT $4"#,
        workspace.as_str(),
        after.map(|cursor| cursor.at.to_sqlx()) as _,
        after.map(|cursor| cursor.id) as _,
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
                receipt: match (row.receipt, row.receipt_at) {
                    (Some(word), Some(at)) => {
                        let receipt = Receipt::from_word(&word).ok_or_else(|| unreadable("hold.receipt"))?;
                        Some((receipt, at.to_jiff()))
                    }
                    _ => None,
                },
            })
        })
        .collect()
}
