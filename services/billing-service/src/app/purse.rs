//! An account whose lots come or go: locked, settled, and written back with what is to be told of it.

use super::Billing;
use crate::domain::{Movement, Notice, Purse, Watch};
use crate::outbound::postgres::account::{self, Funds};
use crate::outbound::postgres::{lot, transfer};
use domain::{Pu, Timestamp, WorkspaceId};
use events::event::{AccountBalanceLow, AccountTopUpRequested};
use fault::{Fault, Result};
use store::Tx;
use uuid::Uuid;

/// An account that nobody else changes until the transaction ends.
pub(super) struct Locked {
    pub funds: Funds,
    pub purse: Purse,
}

impl Locked {
    /// Locks an account and settles its lots. `None` where no account was opened.
    pub async fn take(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Self>> {
        let Some(funds) = account::lock(tx, workspace).await? else {
            return Ok(None);
        };
        let purse = Purse {
            lots: lot::open(tx, workspace).await?,
            unexpiring: funds.unexpiring,
        };
        let purse = purse.settle(funds.balances.available);
        Ok(Some(Self { funds, purse }))
    }

    /// Books a movement of a lot.
    pub async fn book(
        &mut self,
        billing: &Billing,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        (movement, lot): (Movement, Uuid),
        now: Timestamp,
    ) -> Result<()> {
        let (balances, entry) = self.funds.balances.book(movement).map_err(Fault::internal)?;
        self.funds.balances = balances;
        if let Some(entry) = entry {
            let id = billing.store.entropy().id();
            transfer::append_of_lot(tx, workspace, (id, entry), lot, now).await?;
        }
        Ok(())
    }

    /// Writes it back, and records what its owner wants to hear.
    pub async fn save(mut self, billing: &Billing, tx: &mut Tx, workspace: &WorkspaceId, now: Timestamp) -> Result<()> {
        let (watch, notices) = self.funds.watch.look(self.funds.balances.available);
        self.funds.watch = watch;
        self.funds.unexpiring = self.purse.unexpiring;
        lot::save(tx, workspace, &self.purse.lots).await?;
        account::save_funds(tx, workspace, &self.funds).await?;
        billing.tell(tx, workspace, &notices, self.funds.balances.available, now);
        Ok(())
    }
}

impl Billing {
    /// Looks at a balance that became smaller, in the transaction that made it so.
    pub(super) async fn watch(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        (available, watch): (Pu, Watch),
        now: Timestamp,
    ) -> Result<()> {
        let (watch, notices) = watch.look(available);
        if notices.is_empty() {
            return Ok(());
        }
        account::save_watch(tx, workspace, watch).await?;
        self.tell(tx, workspace, &notices, available, now);
        Ok(())
    }

    fn tell(&self, tx: &mut Tx, workspace: &WorkspaceId, notices: &[Notice], available: Pu, now: Timestamp) {
        let (available_micro_pu, at) = (available.micro(), Some(events::stamp(now)));
        for notice in notices {
            metrics::account_noticed(notice.word());
            match *notice {
                Notice::Low { below, version } => {
                    let fact = AccountBalanceLow {
                        available_micro_pu,
                        below_micro_pu: below.micro(),
                        version,
                        at,
                    };
                    tx.record(workspace, &fact);
                }
                Notice::Refill { amount, version } => {
                    let fact = AccountTopUpRequested {
                        request_id: self.store.entropy().id().to_string(),
                        micro_pu: amount.micro(),
                        available_micro_pu,
                        version,
                        at,
                    };
                    tx.record(workspace, &fact);
                }
            }
        }
    }
}
