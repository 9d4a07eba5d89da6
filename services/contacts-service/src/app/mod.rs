//! Use cases: one file each.

mod capture_contact;
mod get_address;
mod get_contact;
mod list_consents;
mod list_contact_changes;
mod list_contacts;
mod look_up_contact;
mod record_consent;
mod update_contact;
mod withdraw_consent;

pub use list_contacts::Wanted;

use crate::domain::{PurposeDenied, Reading};
use crate::outbound::postgres::purpose;
use ::domain::{Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use store::{Store, Tx};

/// The service's use cases over its database.
#[derive(Debug, Clone)]
pub struct Contacts {
    store: Store,
}

impl Contacts {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// Begins a transaction that sees the addresses it may read, and no others.
    async fn begin(&self, workspace: &WorkspaceId, reading: Reading) -> Result<Tx> {
        let mut tx = self.store.begin(workspace).await?;
        purpose::say(&mut tx, reading).await?;
        Ok(tx)
    }
}

fn denied(PurposeDenied: PurposeDenied) -> Fault {
    Fault::new(
        &codes::PURPOSE_DENIED,
        "these data were not given for this purpose; it needs a consent of its own",
    )
    .of("purpose")
}
