use super::{amount, read_workspace, unreadable};
use crate::domain::{Hold, HoldState, Kind, Receipt, Terms};
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

/// Whose delivery.
pub type Key = (WorkspaceId, DeliveryId);

/// The holds that exist among these deliveries, sorted by id, locked in that order until the transaction ends. Whoever
/// locks holds and accounts locks the holds first.
pub async fn lock(db: &mut PgConnection, deliveries: &[Key]) -> Result<Vec<(Key, Hold)>> {
    let (workspaces, ids) = columns_of(deliveries);
    // OFFSET 0 has each row looked up by its key. Planned while the table is small, a join would scan it, and go on to.
    let rows = sqlx::query_as!(
        Row,
        "SELECT h.workspace_id, h.id, h.kind, h.country, h.parts, h.amount, h.state, h.attempted
         FROM UNNEST($1::text[], $2::uuid[]) AS d(workspace_id, id)
         CROSS JOIN LATERAL (
           SELECT * FROM hold WHERE workspace_id = d.workspace_id AND id = d.id OFFSET 0) AS h
         ORDER BY h.id FOR UPDATE OF h",
        &workspaces,
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("lock holds")?;
    rows.into_iter().map(Row::read).collect()
}

/// Makes a row for each of these deliveries that has none. Sorted by the caller, as `lock` sorts.
pub async fn note(db: &mut PgConnection, deliveries: &[Key], at: Timestamp) -> Result<()> {
    let (workspaces, ids) = columns_of(deliveries);
    sqlx::query!(
        "INSERT INTO hold (workspace_id, id, amount, state, attempted, created_at)
         SELECT d.workspace_id, d.id, 0, 'noted', false, $3 FROM UNNEST($1::text[], $2::uuid[]) AS d(workspace_id, id)
         ON CONFLICT (workspace_id, id) DO NOTHING",
        &workspaces,
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
    holds: &[(WorkspaceId, Hold)],
    at: Timestamp,
    due_at: Timestamp,
) -> Result<bool> {
    if holds.is_empty() {
        return Ok(true);
    }
    let columns = Columns::of(holds);
    let done = sqlx::query!(
        "INSERT INTO hold (workspace_id, id, kind, country, parts, amount, state, attempted, created_at, due_at)
         SELECT n.workspace_id, n.id, n.kind, n.country, n.parts, n.amount, n.state, n.attempted, $9, $10
         FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::bool[])
           AS n(workspace_id, id, kind, country, parts, amount, state, attempted)
         ON CONFLICT (workspace_id, id) DO NOTHING",
        &columns.workspaces,
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
    holds: &[(WorkspaceId, Hold)],
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
         FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::bool[])
           AS n(workspace_id, id, kind, country, parts, amount, state, may_expire)
         WHERE hold.workspace_id = n.workspace_id AND hold.id = n.id",
        &columns.workspaces,
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

/// Writes locked holds that took in marks, and under which ids providers took them; who captures them meters them. What
/// is attempted or settled can no longer expire; `at` is kept as the time of settlement where the state changed.
pub async fn save(
    db: &mut PgConnection,
    holds: &[(WorkspaceId, Hold)],
    taken: &BTreeMap<Key, Taken>,
    at: Timestamp,
) -> Result<()> {
    let columns = Columns::of(holds);
    let taken = |of: fn(&Taken) -> &String| -> Vec<Option<String>> {
        let known = holds
            .iter()
            .map(|(workspace, hold)| taken.get(&(workspace.clone(), hold.delivery)));
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
         FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::bool[],
             $9::bool[], $11::text[], $12::text[])
           AS n(workspace_id, id, kind, country, parts, amount, state, attempted, may_expire, provider,
             provider_message)
         WHERE hold.workspace_id = n.workspace_id AND hold.id = n.id",
        &columns.workspaces,
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

/// Writes what receipts say of locked holds, unless a stronger one is written: each delivery once.
pub async fn save_receipts(db: &mut PgConnection, told: &[(Key, Receipt, Timestamp)]) -> Result<()> {
    let keys: Vec<Key> = told.iter().map(|(key, ..)| key.clone()).collect();
    let (workspaces, ids) = columns_of(&keys);
    let words: Vec<&str> = told.iter().map(|(_, receipt, _)| receipt.word()).collect();
    let times: Vec<_> = told.iter().map(|(.., at)| at.to_sqlx()).collect();
    sqlx::query!(
        "UPDATE hold SET receipt = n.receipt, receipt_at = n.at
         FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::timestamptz[]) AS n(workspace_id, id, receipt, at)
         WHERE hold.workspace_id = n.workspace_id AND hold.id = n.id
           AND (hold.receipt IS NULL OR (hold.receipt <> $5 AND n.receipt = $5))",
        &workspaces,
        &ids,
        &words as _,
        &times as _,
        Receipt::Delivered.word(),
    )
    .execute(db)
    .await
    .or_fault("save receipts")?;
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

fn columns_of(deliveries: &[Key]) -> (Vec<String>, Vec<Uuid>) {
    let columns = deliveries
        .iter()
        .map(|(workspace, delivery)| (workspace.to_string(), delivery.0));
    columns.unzip()
}

/// Holds as columns.
struct Columns {
    workspaces: Vec<String>,
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
    fn of(owned: &[(WorkspaceId, Hold)]) -> Self {
        let holds = || owned.iter().map(|(_, hold)| hold);
        let kind = |terms: Terms| terms.kind.word().to_owned();
        let country = |terms: Terms| {
            terms
                .country
                .as_ref()
                .map_or_else(String::new, |country| country.as_str().into())
        };
        let parts = |terms: Terms| i32::try_from(terms.parts).ok();
        Self {
            workspaces: owned.iter().map(|(workspace, _)| workspace.to_string()).collect(),
            ids: holds().map(|hold| hold.delivery.0).collect(),
            kinds: holds().map(|hold| hold.terms.map(kind)).collect(),
            countries: holds().map(|hold| hold.terms.map(country)).collect(),
            parts: holds().map(|hold| hold.terms.and_then(parts)).collect(),
            amounts: holds().map(|hold| hold.amount.micro()).collect(),
            states: holds().map(|hold| hold.state.word().to_owned()).collect(),
            attempted: holds().map(|hold| hold.attempted).collect(),
            may_expire: holds().map(Hold::may_expire).collect(),
        }
    }
}

struct Row {
    workspace_id: String,
    id: Uuid,
    kind: Option<String>,
    country: Option<String>,
    parts: Option<i32>,
    amount: i64,
    state: String,
    attempted: bool,
}

impl Row {
    fn read(self) -> Result<(Key, Hold)> {
        let terms = match (self.kind, self.country, self.parts) {
            (Some(kind), Some(country), Some(parts)) => Some(read_terms(&kind, &country, parts)?),
            _ => None,
        };
        let hold = Hold {
            delivery: DeliveryId(self.id),
            terms,
            amount: amount("hold.amount", self.amount)?,
            state: HoldState::from_word(&self.state).ok_or_else(|| unreadable("hold.state"))?,
            attempted: self.attempted,
        };
        Ok(((read_workspace(&self.workspace_id)?, hold.delivery), hold))
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
