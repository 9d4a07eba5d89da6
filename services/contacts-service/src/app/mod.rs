//! Use cases: one file each.

mod capture_contact;
mod get_address;
mod get_contact;
mod look_up_contact;

use crate::domain::PurposeDenied;
use fault::{Fault, codes};
use store::Store;

/// The service's use cases over its database.
#[derive(Debug, Clone)]
pub struct Contacts {
    store: Store,
}

impl Contacts {
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

fn denied(PurposeDenied: PurposeDenied) -> Fault {
    Fault::new(
        &codes::PURPOSE_DENIED,
        "these data were not given for this purpose; it needs a consent of its own",
    )
    .of("purpose")
}
