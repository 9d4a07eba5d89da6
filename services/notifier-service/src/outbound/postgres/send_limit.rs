use super::signed;
use domain::WorkspaceId;
use fault::Result;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// What a day's counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Texts to a number, known by its keyed hash.
    Number(&'a [u8]),
    /// Mails to an address, known by its keyed hash.
    Address(&'a [u8]),
    /// Texts to a block of numbers, known by the keyed hash of what they have in common.
    Prefix(&'a [u8]),
    /// Texts that a visitor caused, known by the id's bytes.
    Visitor(&'a [u8]),
    /// Answers to a keyword of a number, known by the word and the number's keyed hash.
    Keyword(&'a [u8]),
    /// Mails to one reply address, known by its token's hash.
    Reply(&'a [u8]),
    /// Copies of conversations of the workspace that were asked for.
    Copies,
    /// Texts of the workspace.
    Workspace,
    /// Micro-PU of the workspace.
    MicroPu,
}

impl Scope<'_> {
    fn columns(&self) -> (&'static str, &[u8]) {
        match self {
            Self::Number(mac) => ("number", mac),
            Self::Address(mac) => ("address", mac),
            Self::Prefix(mac) => ("prefix", mac),
            Self::Visitor(id) => ("visitor", id),
            Self::Keyword(key) => ("keyword", key),
            Self::Reply(hash) => ("reply", hash),
            Self::Copies => ("copies", &[]),
            Self::Workspace => ("workspace", &[]),
            Self::MicroPu => ("micro_pu", &[]),
        }
    }
}

/// What one send uses of a day's counter, and how far that counter may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use<'a> {
    scope: Scope<'a>,
    amount: u64,
    limit: u64,
}

impl<'a> Use<'a> {
    pub fn new(scope: Scope<'a>, amount: u64, limit: u64) -> Self {
        Self { scope, amount, limit }
    }
}

/// Adds to a day's counters. `Some`: this one passes its limit now, and the transaction must not commit. Concurrent
/// callers wait for each other; name the counters in the same order everywhere.
pub async fn use_limits(tx: &mut Tx, workspace: &WorkspaceId, day: Date, uses: &[Use<'_>]) -> Result<Option<String>> {
    let scopes: Vec<String> = uses.iter().map(|used| used.scope.columns().0.to_owned()).collect();
    let keys: Vec<Vec<u8>> = uses.iter().map(|used| used.scope.columns().1.to_owned()).collect();
    let amounts = uses
        .iter()
        .map(|used| signed(used.amount))
        .collect::<Result<Vec<_>>>()?;
    let limits = uses.iter().map(|used| signed(used.limit)).collect::<Result<Vec<_>>>()?;
    sqlx::query_scalar!(
        r#"WITH asked AS (
             SELECT * FROM unnest($3::text[], $4::bytea[], $5::bigint[], $6::bigint[]) AS t (scope, key, amount, cap)),
           held AS (
             INSERT INTO send_limit AS held (workspace_id, scope, key, day, used)
             SELECT $1, scope, key, $2, amount FROM asked
             ON CONFLICT (workspace_id, scope, key, day) DO UPDATE SET used = held.used + excluded.used
             RETURNING scope, key, used)
           SELECT scope AS "scope!" FROM held JOIN asked USING (scope, key) WHERE used > cap ORDER BY scope LIMIT 1"#,
        workspace.as_str(),
        day.to_sqlx() as _,
        &scopes,
        &keys,
        &amounts,
        &limits
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("use limits")
}

/// Deletes some counters of all workspaces of days before `before`; says how many. In a worker's transaction.
pub async fn prune_limits(tx: &mut Tx, before: Date, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM send_limit l USING (
           SELECT workspace_id, scope, key, day FROM send_limit WHERE day < $1 LIMIT $2) old
         WHERE l.workspace_id = old.workspace_id AND l.scope = old.scope AND l.key = old.key AND l.day = old.day",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune limits")?;
    Ok(pruned.rows_affected())
}
