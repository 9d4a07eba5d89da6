//! Use cases: one file each, one transaction each.

mod audit;
mod close_account;
mod expire;
mod export_prices;
mod get_account;
mod get_balance;
mod get_drift;
mod get_usage;
mod hold;
mod hold_queue;
mod import_prices;
mod import_statement;
mod lapse;
mod list_charges;
mod list_transfers;
mod note_receipts;
mod open_account;
mod page;
mod purse;
mod set_plan;
mod set_prices;
mod set_thresholds;
mod settle;
mod settle_hold;
mod top_up;

pub use crate::outbound::postgres::audit::BooksDrift;
pub use crate::outbound::postgres::hold::Taken;
pub use get_account::AccountView;
pub use get_drift::Report;
pub use note_receipts::Told;
pub use settle::Learned;

use crate::domain::Terms;
use ::domain::{Pu, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use hold_queue::HoldQueue;
use std::sync::Arc;
use std::time::Duration;
use store::{Store, Tx};

/// How long a batch of several workspaces waits for rows that others have locked, before each workspace goes by itself:
/// one that is held up holds up no other for longer.
const PATIENCE: Duration = Duration::from_millis(250);

/// The service's use cases over its database.
#[derive(Debug, Clone)]
pub struct Billing {
    store: Store,
    /// How long a hold waits for its delivery to be attempted.
    hold_expiry: Duration,
    /// How often a workspace's books are compared.
    audit_interval: Duration,
    holds: Arc<HoldQueue>,
}

impl Billing {
    pub fn new(store: Store, hold_expiry: Duration, audit_interval: Duration) -> Self {
        Self {
            store,
            hold_expiry,
            audit_interval,
            holds: Arc::default(),
        }
    }

    fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// A transaction for what several workspaces wait for.
    async fn begin_together(&self, workspaces: &[WorkspaceId]) -> Result<Tx> {
        match workspaces {
            [workspace] => self.store.begin(workspace).await,
            several => self.store.begin_all_within(several, PATIENCE).await,
        }
    }

    fn after(&self, duration: Duration) -> Result<Timestamp> {
        self.now().checked_add(duration).map_err(Fault::internal)
    }
}

/// Nothing is held or paid in any more.
fn closed() -> Fault {
    Fault::new(&codes::ACCOUNT_CLOSED, "the account is closed; reopen it first").of("workspace")
}

fn price_missing() -> Fault {
    let remedy = "there is no price in force for this kind and country; set one for the country or for *";
    Fault::new(&codes::PRICE_MISSING, remedy).of("country")
}

/// The price of all parts.
fn total(price: Pu, terms: Terms) -> Result<Pu> {
    price
        .times(terms.parts)
        .ok_or_else(|| Fault::internal("a price times its parts is too large"))
}
