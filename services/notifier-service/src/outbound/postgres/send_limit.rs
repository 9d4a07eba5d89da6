use super::{signed, unsigned};
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
    /// Micro-PU of the workspace.
    MicroPu,
}

impl Scope<'_> {
    fn columns(&self) -> (&'static str, &[u8]) {
        match self {
            Self::Number(mac) => ("number", mac),
            Self::MicroPu => ("micro_pu", &[]),
        }
    }
}

/// Adds to a day's counter unless it would pass the limit. False: it would, and nothing was added. Concurrent callers
/// wait for each other.
pub async fn use_limit(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    scope: Scope<'_>,
    day: Date,
    amount: u64,
    limit: u64,
) -> Result<bool> {
    let (scope, key) = scope.columns();
    let used = sqlx::query_scalar!(
        "INSERT INTO send_limit AS held (workspace_id, scope, key, day, used) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace_id, scope, key, day) DO UPDATE SET used = held.used + excluded.used
         RETURNING used",
        workspace.as_str(),
        scope,
        key,
        day.to_sqlx() as _,
        signed(amount)?
    )
    .fetch_one(&mut **tx)
    .await
    .or_fault("use limit")?;
    if unsigned(used)? <= limit {
        return Ok(true);
    }
    sqlx::query!(
        "UPDATE send_limit SET used = used - $5 WHERE workspace_id = $1 AND scope = $2 AND key = $3 AND day = $4",
        workspace.as_str(),
        scope,
        key,
        day.to_sqlx() as _,
        signed(amount)?
    )
    .execute(&mut **tx)
    .await
    .or_fault("give back limit")?;
    Ok(false)
}
