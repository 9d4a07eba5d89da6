use super::{amount, unreadable};
use crate::domain::{Drift, DriftKind, Provider, Reported};
use domain::{DeliveryId, Pu, Timestamp, WorkspaceId};
use fault::Result;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// Notes that the statement of a day was imported.
pub async fn note(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    provider: &Provider,
    day: Date,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO statement (workspace_id, provider, day, imported_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, provider, day) DO UPDATE SET imported_at = excluded.imported_at",
        workspace.as_str(),
        provider.as_str(),
        day.to_sqlx() as _,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("note statement")?;
    Ok(())
}

/// Writes the lines of a statement; a message that was told of before is as told now.
pub async fn save(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    provider: &Provider,
    day: Date,
    lines: &[Reported],
) -> Result<()> {
    let messages: Vec<String> = lines.iter().map(|line| line.message.clone()).collect();
    let parts: Vec<i32> = lines.iter().filter_map(|line| i32::try_from(line.parts).ok()).collect();
    let amounts: Vec<Option<i64>> = lines.iter().map(|line| line.amount.map(Pu::micro)).collect();
    sqlx::query!(
        "INSERT INTO statement_line (workspace_id, provider, message, day, parts, micro_pu)
         SELECT $1, $2, n.message, $3, n.parts, n.micro_pu
         FROM UNNEST($4::text[], $5::int[], $6::bigint[]) AS n(message, parts, micro_pu)
         ON CONFLICT (workspace_id, provider, message)
         DO UPDATE SET day = excluded.day, parts = excluded.parts, micro_pu = excluded.micro_pu",
        workspace.as_str(),
        provider.as_str(),
        day.to_sqlx() as _,
        &messages,
        &parts,
        &amounts as _,
    )
    .execute(db)
    .await
    .or_fault("save statement")?;
    Ok(())
}

/// Where statements and charges of these days disagree, the newest first.
pub async fn drift(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    from: Date,
    to: Date,
    limit: i64,
) -> Result<Vec<Drift>> {
    let rows = sqlx::query!(
        r#"SELECT day AS "day!: jiff_sqlx::Date", kind AS "kind!", delivery, provider AS "provider!",
             message AS "message!", parts, reported_parts, amount, reported_amount
           FROM statement_drift() WHERE workspace_id = $1 AND day >= $2 AND day < $3
           ORDER BY day DESC, kind, provider, message LIMIT $4"#,
        workspace.as_str(),
        from.to_sqlx() as _,
        to.to_sqlx() as _,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("compare statements")?;
    let count = |parts: Option<i32>| parts.and_then(|parts| u32::try_from(parts).ok());
    rows.into_iter()
        .map(|row| {
            Ok(Drift {
                kind: DriftKind::from_word(&row.kind).ok_or_else(|| unreadable("kind of drift"))?,
                day: row.day.to_jiff(),
                delivery: row.delivery.map(DeliveryId),
                provider: row.provider,
                message: row.message,
                parts: count(row.parts),
                reported_parts: count(row.reported_parts),
                amount: row.amount.map(|micro| amount("hold.amount", micro)).transpose()?,
                reported_amount: row
                    .reported_amount
                    .map(|micro| amount("statement_line.micro_pu", micro))
                    .transpose()?,
            })
        })
        .collect()
}

/// How often they disagree, by kind.
pub async fn count(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    from: Date,
    to: Date,
) -> Result<Vec<(DriftKind, u64)>> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", count(*) AS "count!" FROM statement_drift()
           WHERE workspace_id = $1 AND day >= $2 AND day < $3 GROUP BY kind"#,
        workspace.as_str(),
        from.to_sqlx() as _,
        to.to_sqlx() as _,
    )
    .fetch_all(db)
    .await
    .or_fault("count differences to statements")?;
    rows.into_iter()
        .map(|row| {
            let kind = DriftKind::from_word(&row.kind).ok_or_else(|| unreadable("kind of drift"))?;
            Ok((kind, row.count.unsigned_abs()))
        })
        .collect()
}
