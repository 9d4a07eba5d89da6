use super::{amount, unreadable};
use crate::domain::{Hold, HoldState, Kind, Terms};
use domain::{Country, DeliveryId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use store::OrFault;
use uuid::Uuid;

/// Who took a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub provider: String,
    /// The provider's id of the message.
    pub message: String,
}

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

/// Writes new holds that expire at `due_at`; false where one of the deliveries has a row by now.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    holds: &[Hold],
    at: Timestamp,
    due_at: Timestamp,
) -> Result<bool> {
    if holds.is_empty() {
        return Ok(true);
    }
    let columns = Columns::of(holds);
    let done = sqlx::query!(
        "INSERT INTO hold (workspace_id, id, kind, country, parts, amount, state, attempted, created_at, due_at)
         SELECT $1, n.id, n.kind, n.country, n.parts, n.amount, n.state, n.attempted, $9, $10
         FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::bool[])
           AS n(id, kind, country, parts, amount, state, attempted)
         ON CONFLICT (workspace_id, id) DO NOTHING",
        workspace.as_str(),
        &columns.ids,
        &columns.kinds as _,
        &columns.countries as _,
        &columns.parts as _,
        &columns.amounts,
        &columns.states,
        &columns.attempted,
        at.to_sqlx() as _,
        due_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert holds")?;
    Ok(usize::try_from(done.rows_affected()) == Ok(holds.len()))
}

/// Writes locked holds that were placed (anew) at `at`; those that may expire do so at `due_at`.
pub async fn place(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    holds: &[Hold],
    at: Timestamp,
    due_at: Timestamp,
) -> Result<()> {
    if holds.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(holds);
    sqlx::query!(
        "UPDATE hold SET kind = n.kind, country = n.country, parts = n.parts, amount = n.amount, state = n.state,
           created_at = $9, due_at = CASE WHEN n.may_expire THEN $10::timestamptz END, settled_at = NULL,
           leased_until = NULL
         FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::bool[])
           AS n(id, kind, country, parts, amount, state, may_expire)
         WHERE hold.workspace_id = $1 AND hold.id = n.id",
        workspace.as_str(),
        &columns.ids,
        &columns.kinds as _,
        &columns.countries as _,
        &columns.parts as _,
        &columns.amounts,
        &columns.states,
        &columns.may_expire,
        at.to_sqlx() as _,
        due_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("place holds")?;
    Ok(())
}

/// Writes locked holds that took in marks, and under which ids providers took them; who captures them meters them. What is attempted or settled can no
/// longer expire; `at` is kept as the time of settlement where the state changed.
pub async fn save(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    holds: &[Hold],
    taken: &BTreeMap<DeliveryId, Taken>,
    at: Timestamp,
) -> Result<()> {
    let columns = Columns::of(holds);
    let taken = |of: fn(&Taken) -> &String| -> Vec<Option<String>> {
        let known = holds.iter().map(|hold| taken.get(&hold.delivery));
        known.map(|taken| taken.map(|taken| of(taken).clone())).collect()
    };
    sqlx::query!(
        "UPDATE hold SET kind = n.kind, country = n.country, parts = n.parts, amount = n.amount, state = n.state,
           attempted = n.attempted, metered = hold.metered OR (n.state = 'captured' AND hold.state <> n.state),
           settled_at = CASE WHEN hold.state = n.state THEN hold.settled_at ELSE $10 END,
           due_at = CASE WHEN n.may_expire THEN hold.due_at END,
           leased_until = CASE WHEN n.may_expire THEN hold.leased_until END,
           provider = coalesce(hold.provider, n.provider),
           provider_message = coalesce(hold.provider_message, n.provider_message)
         FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::bool[], $9::bool[],
             $11::text[], $12::text[])
           AS n(id, kind, country, parts, amount, state, attempted, may_expire, provider, provider_message)
         WHERE hold.workspace_id = $1 AND hold.id = n.id",
        workspace.as_str(),
        &columns.ids,
        &columns.kinds as _,
        &columns.countries as _,
        &columns.parts as _,
        &columns.amounts,
        &columns.states,
        &columns.attempted,
        &columns.may_expire,
        at.to_sqlx() as _,
        &taken(|taken| &taken.provider) as _,
        &taken(|taken| &taken.message) as _,
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
pub async fn count_older(db: &mut PgConnection, workspace: &WorkspaceId, before: Timestamp) -> Result<u64> {
    let old = sqlx::query_scalar!(
        r#"SELECT count(*) AS "old!" FROM hold WHERE workspace_id = $1 AND state = 'held' AND created_at < $2"#,
        workspace.as_str(),
        before.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
    .or_fault("count old holds")?;
    u64::try_from(old).map_err(|_| unreadable("count of old holds"))
}

/// Holds as columns.
struct Columns {
    ids: Vec<Uuid>,
    kinds: Vec<Option<String>>,
    countries: Vec<Option<String>>,
    parts: Vec<Option<i32>>,
    amounts: Vec<i64>,
    states: Vec<String>,
    attempted: Vec<bool>,
    may_expire: Vec<bool>,
}

impl Columns {
    fn of(holds: &[Hold]) -> Self {
        let kind = |terms: Terms| terms.kind.word().to_owned();
        let country = |terms: Terms| {
            terms
                .country
                .as_ref()
                .map_or_else(String::new, |country| country.as_str().into())
        };
        let parts = |terms: Terms| i32::try_from(terms.parts).ok();
        Self {
            ids: holds.iter().map(|hold| hold.delivery.0).collect(),
            kinds: holds.iter().map(|hold| hold.terms.map(kind)).collect(),
            countries: holds.iter().map(|hold| hold.terms.map(country)).collect(),
            parts: holds.iter().map(|hold| hold.terms.and_then(parts)).collect(),
            amounts: holds.iter().map(|hold| hold.amount.micro()).collect(),
            states: holds.iter().map(|hold| hold.state.word().to_owned()).collect(),
            attempted: holds.iter().map(|hold| hold.attempted).collect(),
            may_expire: holds.iter().map(Hold::may_expire).collect(),
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
