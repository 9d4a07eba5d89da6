//! Use cases: one file each.

mod capture_contact;
mod count_segment;
mod dismiss_conflict;
mod erase_contact;
mod export_person;
mod export_segment;
mod get_address;
mod get_contact;
mod get_erasure;
mod get_import;
mod hand_on_order;
mod identify_contact;
mod identity_keys;
mod import_contacts;
mod ingest_order;
mod keep_erasing;
mod keep_retention;
mod list_conflicts;
mod list_consents;
mod list_contact_changes;
mod list_contacts;
mod list_erasures;
mod list_import_problems;
mod list_interactions;
mod list_purchases;
mod list_segment;
mod look_up_contact;
mod merge_contacts;
mod read_order;
mod record_consent;
mod role_rights;
mod set_retention;
mod set_roles;
mod undo_merge;
mod update_contact;
mod watch_erasures;
mod withdraw_consent;
mod write_fields;

pub use import_contacts::PieceOf;
pub use keep_erasing::Eraser;
pub use list_conflicts::SideBySide;
pub use list_contacts::Wanted;

use crate::domain::{Purpose, PurposeDenied, Reading};
use crate::outbound::postgres::{contact, merge, purpose};
use ::domain::{ContactId, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use std::time::Duration;
use store::{Store, Tx};

/// A lock is waited for in vain only by who loses a race against a merge of the same contact.
const TRIES: usize = 5;

/// The service's use cases over its database.
#[derive(Debug, Clone)]
pub struct Contacts {
    store: Store,
    /// Between the asking for an erasure and the erasing elsewhere, and before what failed is tried again.
    erasure_wait: Duration,
}

impl Contacts {
    pub fn new(store: Store, erasure_wait: Duration) -> Self {
        Self { store, erasure_wait }
    }

    fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// The contact that this one is part of now: itself, unless it was merged.
    async fn survivor(&self, tx: &mut Tx, workspace: &WorkspaceId, id: ContactId) -> Result<ContactId> {
        let found = merge::survivor(tx, workspace, id).await?;
        found.ok_or_else(|| Fault::not_found("contact"))
    }

    /// The contact that this one is part of now, locked until the transaction ends.
    async fn lock_survivor(&self, tx: &mut Tx, workspace: &WorkspaceId, id: ContactId) -> Result<ContactId> {
        for _ in 0..TRIES {
            let survivor = self.survivor(tx, workspace, id).await?;
            // Merged while the lock was waited for: it is part of another one by now.
            if merge::lock(tx, workspace, &[survivor]).await? == [(survivor, None)] {
                return Ok(survivor);
            }
        }
        Err(Fault::new(&codes::CONFLICT, "is being merged; try again").of("contact"))
    }

    /// Refused where a contact does not show its fields for this purpose, and neither what serves the same as they do.
    async fn shows_fields(&self, tx: &mut Tx, workspace: &WorkspaceId, id: ContactId, purpose: Purpose) -> Result<()> {
        let stored = contact::find(tx, workspace, id).await?;
        let seen = stored.ok_or_else(|| Fault::not_found("contact"))?.release(purpose);
        match seen.map_err(denied)?.profile {
            Some(_) => Ok(()),
            None => Err(denied(PurposeDenied)),
        }
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
