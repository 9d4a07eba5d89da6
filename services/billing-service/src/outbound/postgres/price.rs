use super::{amount, unreadable};
use crate::domain::{Kind, Place, Price};
use domain::{Country, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;

/// What a price is looked up for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wanted {
    pub workspace: WorkspaceId,
    pub kind: Kind,
    pub country: Option<Country>,
}

/// The prices in force that can decide, of each that is wanted: the newest of its country and the newest of `*`.
/// Nothing for what has neither.
pub async fn in_force(db: &mut PgConnection, wanted: &[Wanted], at: Timestamp) -> Result<HashMap<Wanted, Vec<Price>>> {
    let workspaces: Vec<String> = wanted.iter().map(|wanted| wanted.workspace.to_string()).collect();
    let kinds: Vec<String> = wanted.iter().map(|wanted| wanted.kind.word().to_owned()).collect();
    let country = |wanted: &Wanted| wanted.country.as_ref().map_or("*", Country::as_str).to_owned();
    let rows = sqlx::query!(
        r#"SELECT w.place AS "place!", p.country, p.valid_from, p.micro_pu
           FROM UNNEST($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w(workspace_id, kind, country, place)
           CROSS JOIN LATERAL (
             SELECT DISTINCT ON (country) country, valid_from, micro_pu FROM price
             WHERE workspace_id = w.workspace_id AND kind = w.kind AND country IN (w.country, '*') AND valid_from <= $4
             ORDER BY country, valid_from DESC
           ) AS p"#,
        &workspaces,
        &kinds,
        &wanted.iter().map(country).collect::<Vec<String>>(),
        at.to_sqlx() as _,
    )
    .fetch_all(db)
    .await
    .or_fault("read prices")?;
    let mut lists: HashMap<Wanted, Vec<Price>> = HashMap::new();
    for row in rows {
        let place = usize::try_from(row.place)
            .ok()
            .and_then(|place| wanted.get(place.checked_sub(1)?));
        let wanted = place.ok_or_else(|| unreadable("place of price"))?;
        lists.entry(wanted.clone()).or_default().push(Price {
            kind: wanted.kind,
            place: Place::parse(&row.country).map_err(|_| unreadable("price.country"))?,
            valid_from: row.valid_from.to_jiff(),
            amount: amount("price.micro_pu", row.micro_pu)?,
        });
    }
    Ok(lists)
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
