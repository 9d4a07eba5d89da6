use super::amount;
use crate::domain::{Account, Refill, Watch};
use domain::{Pu, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// An account's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Funds {
    pub balances: Account,
    /// What of the available balance does not expire, when the lots were last settled.
    pub unexpiring: Pu,
    pub watch: Watch,
    pub closed: bool,
}

/// What came of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// Moved; the account as it is now.
    Done(Funds),
    NotCovered,
    Closed,
}

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

/// Opens the account in UTC if there is none.
pub async fn ensure(db: &mut PgConnection, workspace: &WorkspaceId, at: Timestamp) -> Result<()> {
    sqlx::query!(
        "INSERT INTO account (workspace_id, opened_at) VALUES ($1, $2) ON CONFLICT (workspace_id) DO NOTHING",
        workspace.as_str(),
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("open account")?;
    Ok(())
}

/// Closes the account, or opens it again; the time of closing is kept. No effect where there is no account.
pub async fn close(db: &mut PgConnection, workspace: &WorkspaceId, at: Option<Timestamp>) -> Result<()> {
    sqlx::query!(
        "UPDATE account SET closed_at = CASE WHEN $2::timestamptz IS NOT NULL THEN coalesce(closed_at, $2) END
         WHERE workspace_id = $1",
        workspace.as_str(),
        at.map(|at| at.to_sqlx()) as _,
    )
    .execute(db)
    .await
    .or_fault("close account")?;
    Ok(())
}

/// Moves from available to held, where the balance covers it and the account is not closed.
pub async fn reserve(db: &mut PgConnection, workspace: &WorkspaceId, reserved: Pu) -> Result<Reserved> {
    let row = sqlx::query_as!(
        Row,
        r#"UPDATE account SET available = available - $2, held = held + $2
           WHERE workspace_id = $1 AND available >= $2 AND closed_at IS NULL
           RETURNING available, held, unexpiring, low_below, low_told, top_up_below, top_up_amount, top_up_asked, told,
             closed_at IS NOT NULL AS "closed!""#,
        workspace.as_str(),
        reserved.micro(),
    )
    .fetch_optional(&mut *db)
    .await
    .or_fault("reserve in account")?;
    match row {
        Some(row) => Ok(Reserved::Done(row.read()?)),
        None if is_closed(db, workspace).await? => Ok(Reserved::Closed),
        None => Ok(Reserved::NotCovered),
    }
}

/// True of a closed account, false where no account was opened.
pub async fn is_closed(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<bool> {
    let closed = sqlx::query_scalar!(
        r#"SELECT closed_at IS NOT NULL AS "closed!" FROM account WHERE workspace_id = $1"#,
        workspace.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("look whether account is closed")?;
    Ok(closed.unwrap_or(false))
}

/// The balances; zero where no account was opened.
pub async fn read(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Account> {
    Ok(read_funds(db, workspace).await?.unwrap_or_default().balances)
}

/// The account. `None` where none was opened.
pub async fn read_funds(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Option<Funds>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT available, held, unexpiring, low_below, low_told, top_up_below, top_up_amount, top_up_asked, told,
             closed_at IS NOT NULL AS "closed!"
           FROM account WHERE workspace_id = $1"#,
        workspace.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("read account")?;
    row.map(Row::read).transpose()
}

/// The account, locked until the transaction ends. `None` where none was opened.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Option<Funds>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT available, held, unexpiring, low_below, low_told, top_up_below, top_up_amount, top_up_asked, told,
             closed_at IS NOT NULL AS "closed!"
           FROM account WHERE workspace_id = $1 FOR UPDATE"#,
        workspace.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("lock account")?;
    row.map(Row::read).transpose()
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

/// Writes what was told of a locked account, and from where on.
pub async fn save_watch(db: &mut PgConnection, workspace: &WorkspaceId, watch: Watch) -> Result<()> {
    sqlx::query!(
        "UPDATE account SET low_below = $2, low_told = $3, top_up_below = $4, top_up_amount = $5, top_up_asked = $6,
           told = $7
         WHERE workspace_id = $1",
        workspace.as_str(),
        watch.low_below.map(Pu::micro),
        watch.low_told,
        watch.refill.map(|refill| refill.below.micro()),
        watch.refill.map(|refill| refill.amount.micro()),
        watch.refill_asked,
        i64::try_from(watch.told).unwrap_or(i64::MAX),
    )
    .execute(db)
    .await
    .or_fault("save thresholds")?;
    Ok(())
}

/// Writes balances, what does not expire, and what was told, of a locked account.
pub async fn save_funds(db: &mut PgConnection, workspace: &WorkspaceId, funds: &Funds) -> Result<()> {
    sqlx::query!(
        "UPDATE account SET available = $2, held = $3, unexpiring = $4 WHERE workspace_id = $1",
        workspace.as_str(),
        funds.balances.available.micro(),
        funds.balances.held.micro(),
        funds.unexpiring.micro(),
    )
    .execute(&mut *db)
    .await
    .or_fault("save funds")?;
    save_watch(db, workspace, funds.watch).await
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

struct Row {
    available: i64,
    held: i64,
    unexpiring: i64,
    low_below: Option<i64>,
    low_told: bool,
    top_up_below: Option<i64>,
    top_up_amount: Option<i64>,
    top_up_asked: bool,
    told: i64,
    closed: bool,
}

impl Row {
    fn read(self) -> Result<Funds> {
        let refill = match (self.top_up_below, self.top_up_amount) {
            (Some(below), Some(added)) => Some(Refill {
                below: amount("account.top_up_below", below)?,
                amount: amount("account.top_up_amount", added)?,
            }),
            _ => None,
        };
        let low = self.low_below.map(|below| amount("account.low_below", below));
        Ok(Funds {
            balances: Account {
                available: amount("account.available", self.available)?,
                held: amount("account.held", self.held)?,
            },
            unexpiring: amount("account.unexpiring", self.unexpiring)?,
            watch: Watch {
                low_below: low.transpose()?,
                refill,
                low_told: self.low_told,
                refill_asked: self.top_up_asked,
                told: self.told.unsigned_abs(),
            },
            closed: self.closed,
        })
    }
}
