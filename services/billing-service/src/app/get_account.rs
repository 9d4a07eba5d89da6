use super::Billing;
use crate::domain::{Plan, Purse};
use crate::outbound::postgres::account::{self, Funds};
use crate::outbound::postgres::{lot, plan};
use domain::WorkspaceId;
use fault::Result;

/// An account as it is now.
#[derive(Debug, Clone, Default)]
pub struct AccountView {
    pub funds: Funds,
    pub purse: Purse,
    pub plan: Plan,
}

impl Billing {
    /// What a workspace has and pays for; empty for one that never had anything.
    pub async fn get_account(&self, workspace: &WorkspaceId) -> Result<AccountView> {
        let mut tx = self.store.begin(workspace).await?;
        let funds = account::read_funds(&mut tx, workspace).await?.unwrap_or_default();
        let purse = Purse {
            lots: lot::open(&mut tx, workspace).await?,
            unexpiring: funds.unexpiring,
        };
        Ok(AccountView {
            purse: purse.settle(funds.balances.available),
            plan: plan::read(&mut tx, workspace).await?,
            funds,
        })
    }
}
