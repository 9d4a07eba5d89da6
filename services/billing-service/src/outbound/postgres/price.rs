use super::{amount, unreadable};
use crate::domain::{Kind, Place, Price};
use domain::{Country, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// The prices in force that can decide: the newest of the country and the newest of `*`.
pub async fn in_force(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    kind: Kind,
    country: Option<Country>,
    at: Timestamp,
) -> Result<Vec<Price>> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (country) country, valid_from, micro_pu FROM price
         WHERE workspace_id = $1 AND kind = $2 AND country IN ($3, '*') AND valid_from <= $4
         ORDER BY country, valid_from DESC",
        workspace.as_str(),
        kind.word(),
        country.as_ref().map_or("*", Country::as_str),
        at.to_sqlx() as _,
    )
    .fetch_all(db)
    .await
    .or_fault("read prices")?;
    rows.into_iter()
        .map(|row| {
            Ok(Price {
                kind,
                place: Place::parse(&row.country).map_err(|_| unreadable("price.country"))?,
                valid_from: row.valid_from.to_jiff(),
                amount: amount("price.micro_pu", row.micro_pu)?,
            })
        })
        .collect()
}

/// True if the list says exactly this already.
pub async fn is_set(db: &mut PgConnection, workspace: &WorkspaceId, price: &Price) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM price WHERE workspace_id = $1 AND kind = $2 AND country = $3
             AND valid_from = $4 AND micro_pu = $5) AS "found!""#,
        workspace.as_str(),
        price.kind.word(),
        price.place.as_str(),
        price.valid_from.to_sqlx() as _,
        price.amount.micro(),
    )
    .fetch_one(db)
    .await
    .or_fault("look for price")?;
    Ok(found)
}

/// True if something that this price would cover was held at or after its beginning.
pub async fn was_used(db: &mut PgConnection, workspace: &WorkspaceId, price: &Price) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM hold h WHERE h.workspace_id = $1 AND h.created_at >= $2 AND h.kind = $3
             AND (h.country = $4 OR ($4 = '*' AND NOT EXISTS (SELECT FROM price p WHERE p.workspace_id = $1
               AND p.kind = $3 AND p.country = h.country AND p.valid_from <= h.created_at)))) AS "found!""#,
        workspace.as_str(),
        price.valid_from.to_sqlx() as _,
        price.kind.word(),
        price.place.as_str(),
    )
    .fetch_one(db)
    .await
    .or_fault("look for use of price")?;
    Ok(found)
}

/// The whole list, by kind, country and time.
pub async fn list(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<Price>> {
    let rows = sqlx::query!(
        "SELECT kind, country, valid_from, micro_pu FROM price WHERE workspace_id = $1
         ORDER BY kind, country, valid_from",
        workspace.as_str(),
    )
    .fetch_all(db)
    .await
    .or_fault("list prices")?;
    rows.into_iter()
        .map(|row| {
            Ok(Price {
                kind: Kind::from_word(&row.kind).ok_or_else(|| unreadable("price.kind"))?,
                place: Place::parse(&row.country).map_err(|_| unreadable("price.country"))?,
                valid_from: row.valid_from.to_jiff(),
                amount: amount("price.micro_pu", row.micro_pu)?,
            })
        })
        .collect()
}

/// Lines of the list.
pub async fn count(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<usize> {
    let lines = sqlx::query_scalar!(
        r#"SELECT count(*) AS "lines!" FROM price WHERE workspace_id = $1"#,
        workspace.as_str()
    )
    .fetch_one(db)
    .await
    .or_fault("count prices")?;
    usize::try_from(lines).map_err(|_| unreadable("count of prices"))
}

/// Writes a line of the list.
pub async fn set(db: &mut PgConnection, workspace: &WorkspaceId, price: &Price) -> Result<()> {
    sqlx::query!(
        "INSERT INTO price (workspace_id, kind, country, valid_from, micro_pu) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace_id, kind, country, valid_from) DO UPDATE SET micro_pu = excluded.micro_pu",
        workspace.as_str(),
        price.kind.word(),
        price.place.as_str(),
        price.valid_from.to_sqlx() as _,
        price.amount.micro(),
    )
    .execute(db)
    .await
    .or_fault("set price")?;
    Ok(())
}
