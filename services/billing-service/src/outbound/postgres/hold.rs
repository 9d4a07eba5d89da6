use super::{amount, unreadable};
use crate::domain::{Hold, HoldState, Kind, Terms};
use domain::{Country, DeliveryId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// The holds that exist among these deliveries, locked in the order of their ids until the transaction ends. Whoever
/// locks holds and the account locks the holds first.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId, deliveries: &[DeliveryId]) -> Result<Vec<Hold>> {
    let ids: Vec<Uuid> = deliveries.iter().map(|delivery| delivery.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, kind, country, parts, amount, state, attempted FROM hold
         WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE",
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("lock holds")?;
    rows.into_iter().map(Row::read).collect()
}

/// Makes a row for each of these deliveries that has none. Sorted by the caller, as `lock` sorts.
pub async fn note(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    deliveries: &[DeliveryId],
    at: Timestamp,
) -> Result<()> {
    let ids: Vec<Uuid> = deliveries.iter().map(|delivery| delivery.0).collect();
    sqlx::query!(
        "INSERT INTO hold (workspace_id, id, amount, state, attempted, created_at)
         SELECT $1, d.id, 0, 'noted', false, $3 FROM UNNEST($2::uuid[]) AS d(id)
         ON CONFLICT (workspace_id, id) DO NOTHING",
        workspace.as_str(),
        &ids,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("note deliveries")?;
    Ok(())
}

/// Writes a new hold; false where the delivery has a row by now.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    hold: &Hold,
    at: Timestamp,
    due_at: Option<Timestamp>,
) -> Result<bool> {
    let terms = Columns::of(hold);
    let done = sqlx::query!(
        "INSERT INTO hold (workspace_id, id, kind, country, parts, amount, state, attempted, created_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (workspace_id, id) DO NOTHING",
        workspace.as_str(),
        hold.delivery.0,
        terms.kind as _,
        terms.country as _,
        terms.parts as _,
        hold.amount.micro(),
        hold.state.word(),
        hold.attempted,
        at.to_sqlx() as _,
        due_at.map(ToSqlx::to_sqlx) as _,
    )
    .execute(db)
    .await
    .or_fault("insert hold")?;
    Ok(done.rows_affected() == 1)
}

/// Writes a locked hold that was placed (anew) at `at`.
pub async fn place(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    hold: &Hold,
    at: Timestamp,
    due_at: Option<Timestamp>,
) -> Result<()> {
    let terms = Columns::of(hold);
    sqlx::query!(
        "UPDATE hold SET kind = $3, country = $4, parts = $5, amount = $6, state = $7, created_at = $8, due_at = $9,
           settled_at = NULL, leased_until = NULL
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        hold.delivery.0,
        terms.kind as _,
        terms.country as _,
        terms.parts as _,
        hold.amount.micro(),
        hold.state.word(),
        at.to_sqlx() as _,
        due_at.map(ToSqlx::to_sqlx) as _,
    )
    .execute(db)
    .await
    .or_fault("place hold")?;
    Ok(())
}

/// Writes locked holds that took in marks. What is attempted or settled can no longer expire; `at` is kept as the time
/// of settlement where the state changed.
pub async fn save(db: &mut PgConnection, workspace: &WorkspaceId, holds: &[Hold], at: Timestamp) -> Result<()> {
    let ids: Vec<Uuid> = holds.iter().map(|hold| hold.delivery.0).collect();
    let terms: Vec<Columns> = holds.iter().map(Columns::of).collect();
    let kinds: Vec<Option<String>> = terms.iter().map(|terms| terms.kind.map(str::to_owned)).collect();
    let countries: Vec<Option<String>> = terms.iter().map(|terms| terms.country.clone()).collect();
    let parts: Vec<Option<i32>> = terms.iter().map(|terms| terms.parts).collect();
    let amounts: Vec<i64> = holds.iter().map(|hold| hold.amount.micro()).collect();
    let states: Vec<String> = holds.iter().map(|hold| hold.state.word().to_owned()).collect();
    let attempted: Vec<bool> = holds.iter().map(|hold| hold.attempted).collect();
    let may_expire: Vec<bool> = holds.iter().map(Hold::may_expire).collect();
    sqlx::query!(
        "UPDATE hold SET kind = n.kind, country = n.country, parts = n.parts, amount = n.amount, state = n.state,
           attempted = n.attempted,
           settled_at = CASE WHEN hold.state = n.state THEN hold.settled_at ELSE $10 END,
           due_at = CASE WHEN n.may_expire THEN hold.due_at END,
           leased_until = CASE WHEN n.may_expire THEN hold.leased_until END
         FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::bool[], $9::bool[])
           AS n(id, kind, country, parts, amount, state, attempted, may_expire)
         WHERE hold.workspace_id = $1 AND hold.id = n.id",
        workspace.as_str(),
        &ids,
        &kinds as _,
        &countries as _,
        &parts as _,
        &amounts,
        &states,
        &attempted,
        &may_expire,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("save holds")?;
    Ok(())
}

/// When a hold expires; `None` where it cannot.
pub async fn due_at(db: &mut PgConnection, workspace: &WorkspaceId, delivery: DeliveryId) -> Result<Option<Timestamp>> {
    let due = sqlx::query_scalar!(
        "SELECT due_at FROM hold WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        delivery.0,
    )
    .fetch_optional(db)
    .await
    .or_fault("read due time of hold")?;
    Ok(due.flatten().map(|due| due.to_jiff()))
}

/// How many holds were placed before `before` and are still open.
pub async fn count_older(db: &mut PgConnection, workspace: &WorkspaceId, before: Timestamp) -> Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "old!" FROM hold WHERE workspace_id = $1 AND state = 'held' AND created_at < $2"#,
        workspace.as_str(),
        before.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
    .or_fault("count old holds")
}

/// The terms as columns.
struct Columns {
    kind: Option<&'static str>,
    country: Option<String>,
    parts: Option<i32>,
}

impl Columns {
    fn of(hold: &Hold) -> Self {
        let country = |terms: Terms| {
            terms
                .country
                .as_ref()
                .map_or_else(String::new, |country| country.as_str().into())
        };
        Self {
            kind: hold.terms.map(|terms| terms.kind.word()),
            country: hold.terms.map(country),
            parts: hold.terms.and_then(|terms| i32::try_from(terms.parts).ok()),
        }
    }
}

struct Row {
    id: Uuid,
    kind: Option<String>,
    country: Option<String>,
    parts: Option<i32>,
    amount: i64,
    state: String,
    attempted: bool,
}

impl Row {
    fn read(self) -> Result<Hold> {
        let terms = match (self.kind, self.country, self.parts) {
            (Some(kind), Some(country), Some(parts)) => Some(read_terms(&kind, &country, parts)?),
            _ => None,
        };
        Ok(Hold {
            delivery: DeliveryId(self.id),
            terms,
            amount: amount("hold.amount", self.amount)?,
            state: HoldState::from_word(&self.state).ok_or_else(|| unreadable("hold.state"))?,
            attempted: self.attempted,
        })
    }
}

/// Terms as they stand in columns.
pub(super) fn read_terms(kind: &str, country: &str, parts: i32) -> Result<Terms> {
    let country = match country {
        "" => None,
        code => Some(Country::parse(code).map_err(|_| unreadable("hold.country"))?),
    };
    Ok(Terms {
        kind: Kind::from_word(kind).ok_or_else(|| unreadable("hold.kind"))?,
        country,
        parts: u32::try_from(parts).map_err(|_| unreadable("hold.parts"))?,
    })
}
