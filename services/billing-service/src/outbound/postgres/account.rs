use super::amount;
use crate::domain::Account;
use domain::{Pu, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// Opens the account, or gives an open one its time zone.
pub async fn open(db: &mut PgConnection, workspace: &WorkspaceId, time_zone: &str, at: Timestamp) -> Result<()> {
    sqlx::query!(
        "INSERT INTO account (workspace_id, time_zone, opened_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id) DO UPDATE SET time_zone = excluded.time_zone
         WHERE account.time_zone <> excluded.time_zone",
        workspace.as_str(),
        time_zone,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("open account")?;
    Ok(())
}

/// Adds to the available balance; opens the account if there is none.
pub async fn add(db: &mut PgConnection, workspace: &WorkspaceId, added: Pu, at: Timestamp) -> Result<Account> {
    let row = sqlx::query!(
        "INSERT INTO account (workspace_id, available, opened_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id) DO UPDATE SET available = account.available + excluded.available
         RETURNING available, held",
        workspace.as_str(),
        added.micro(),
        at.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
    .or_fault("add to account")?;
    account(row.available, row.held)
}

/// Moves from available to held; false, and nothing moved, where the balance does not cover it.
pub async fn reserve(db: &mut PgConnection, workspace: &WorkspaceId, reserved: Pu) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE account SET available = available - $2, held = held + $2
         WHERE workspace_id = $1 AND available >= $2",
        workspace.as_str(),
        reserved.micro(),
    )
    .execute(db)
    .await
    .or_fault("reserve in account")?;
    Ok(done.rows_affected() == 1)
}

/// The balances; zero where no account was opened.
pub async fn read(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Account> {
    let row = sqlx::query!(
        "SELECT available, held FROM account WHERE workspace_id = $1",
        workspace.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("read account")?;
    row.map_or(Ok(Account::default()), |row| account(row.available, row.held))
}

/// The balances, locked until the transaction ends. `None` where no account was opened.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Option<Account>> {
    let row = sqlx::query!(
        "SELECT available, held FROM account WHERE workspace_id = $1 FOR UPDATE",
        workspace.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("lock account")?;
    row.map(|row| account(row.available, row.held)).transpose()
}

/// Writes the balances of a locked account.
pub async fn save(db: &mut PgConnection, workspace: &WorkspaceId, account: Account) -> Result<()> {
    sqlx::query!(
        "UPDATE account SET available = $2, held = $3 WHERE workspace_id = $1",
        workspace.as_str(),
        account.available.micro(),
        account.held.micro(),
    )
    .execute(db)
    .await
    .or_fault("save account")?;
    Ok(())
}

/// The IANA time zone that usage is summed in; UTC where no account was opened.
pub async fn time_zone(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<String> {
    let row = sqlx::query_scalar!(
        "SELECT time_zone FROM account WHERE workspace_id = $1",
        workspace.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("read time zone")?;
    Ok(row.unwrap_or_else(|| "UTC".into()))
}

fn account(available: i64, held: i64) -> Result<Account> {
    Ok(Account {
        available: amount("account.available", available)?,
        held: amount("account.held", held)?,
    })
}
