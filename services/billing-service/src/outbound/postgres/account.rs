use super::{amount, read_workspace};
use crate::domain::{Account, Movement, Refill, Till, Watch};
use domain::{Pu, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
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

/// Opens the account, or gives an open one its time zone, unless it has that of a later `version` of the workspace.
pub async fn open(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    time_zone: &str,
    version: u64,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO account (workspace_id, time_zone, zone_version, opened_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id) DO UPDATE
         SET time_zone = excluded.time_zone, zone_version = excluded.zone_version
         WHERE account.zone_version < excluded.zone_version",
        workspace.as_str(),
        time_zone,
        i64::try_from(version).unwrap_or(i64::MAX),
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

/// What each account can pay for, not locked; none of a workspace without an account.
pub async fn tills(db: &mut PgConnection, workspaces: &[WorkspaceId]) -> Result<HashMap<WorkspaceId, Till>> {
    let rows = sqlx::query!(
        r#"SELECT a.workspace_id, a.available, a.closed_at IS NOT NULL AS "closed!"
           FROM UNNEST($1::text[]) AS w(workspace_id) JOIN account a ON a.workspace_id = w.workspace_id"#,
        &slugs(workspaces),
    )
    .fetch_all(db)
    .await
    .or_fault("look into accounts")?;
    rows.into_iter()
        .map(|row| {
            let till = Till {
                available: amount("account.available", row.available)?,
                closed: row.closed,
            };
            Ok((read_workspace(&row.workspace_id)?, till))
        })
        .collect()
}

/// Moves sums from available to held, of all accounts or of none, and locks them until the transaction ends. The
/// accounts as they are then; `None` where one is closed or does not cover its sum.
pub async fn reserve(
    db: &mut PgConnection,
    sums: &BTreeMap<WorkspaceId, Pu>,
) -> Result<Option<Vec<(WorkspaceId, Funds)>>> {
    let workspaces: Vec<WorkspaceId> = sums.keys().cloned().collect();
    let mut reserved = lock_all(db, &workspaces).await?;
    for (workspace, funds) in &mut reserved {
        let sum = sums.get(workspace).copied().unwrap_or_default();
        match funds.balances.book(Movement::Hold(sum)) {
            Ok((balances, _)) if !funds.closed => funds.balances = balances,
            Ok(_) | Err(_) => return Ok(None),
        }
    }
    if reserved.len() < sums.len() {
        return Ok(None);
    }
    save_all(db, &reserved).await?;
    Ok(Some(reserved))
}

/// The balances; zero where no account was opened.
pub async fn read(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Account> {
    Ok(read_funds(db, workspace).await?.unwrap_or_default().balances)
}

/// The account. `None` where none was opened.
pub async fn read_funds(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Option<Funds>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT workspace_id, available, held, unexpiring, low_below, low_told, top_up_below, top_up_amount,
             top_up_asked, told, closed_at IS NOT NULL AS "closed!"
           FROM account WHERE workspace_id = $1"#,
        workspace.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("read account")?;
    Ok(row.map(Row::read).transpose()?.map(|(_, funds)| funds))
}

/// The account, locked until the transaction ends. `None` where none was opened.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Option<Funds>> {
    let locked = lock_all(db, std::slice::from_ref(workspace)).await?;
    Ok(locked.into_iter().next().map(|(_, funds)| funds))
}

/// The accounts of these workspaces as far as they were opened, locked in the order of their names until the transaction
/// ends.
pub async fn lock_all(db: &mut PgConnection, workspaces: &[WorkspaceId]) -> Result<Vec<(WorkspaceId, Funds)>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.workspace_id, available, held, unexpiring, low_below, low_told, top_up_below, top_up_amount,
             top_up_asked, told, closed_at IS NOT NULL AS "closed!"
           FROM UNNEST($1::text[]) AS w(workspace_id) JOIN account a ON a.workspace_id = w.workspace_id
           ORDER BY a.workspace_id FOR UPDATE OF a"#,
        &slugs(workspaces),
    )
    .fetch_all(db)
    .await
    .or_fault("lock accounts")?;
    rows.into_iter().map(Row::read).collect()
}

/// Writes the balances of locked accounts.
pub async fn save_all(db: &mut PgConnection, accounts: &[(WorkspaceId, Funds)]) -> Result<()> {
    let workspaces: Vec<String> = accounts.iter().map(|(workspace, _)| workspace.to_string()).collect();
    let micro = |of: fn(&Account) -> Pu| -> Vec<i64> {
        accounts.iter().map(|(_, funds)| of(&funds.balances).micro()).collect()
    };
    sqlx::query!(
        "UPDATE account SET available = n.available, held = n.held
         FROM UNNEST($1::text[], $2::bigint[], $3::bigint[]) AS n(workspace_id, available, held)
         WHERE account.workspace_id = n.workspace_id",
        &workspaces,
        &micro(|account| account.available),
        &micro(|account| account.held),
    )
    .execute(db)
    .await
    .or_fault("save accounts")?;
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

fn slugs(workspaces: &[WorkspaceId]) -> Vec<String> {
    workspaces.iter().map(WorkspaceId::to_string).collect()
}

struct Row {
    workspace_id: String,
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
    fn read(self) -> Result<(WorkspaceId, Funds)> {
        let refill = match (self.top_up_below, self.top_up_amount) {
            (Some(below), Some(added)) => Some(Refill {
                below: amount("account.top_up_below", below)?,
                amount: amount("account.top_up_amount", added)?,
            }),
            _ => None,
        };
        let low = self.low_below.map(|below| amount("account.low_below", below));
        let funds = Funds {
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
        };
        Ok((read_workspace(&self.workspace_id)?, funds))
    }
}
