//! The service's only SQL. Functions take a transaction's connection and the workspace; none begins or commits.

pub mod address;
pub mod captured;
pub mod change;
pub mod channel_profile;
pub mod conflict;
pub mod consent;
pub mod contact;
pub mod data;
pub mod erasure;
pub mod identity_key;
pub mod import;
pub mod merge;
pub mod person;
pub mod purchase;
pub mod purchase_details;
pub mod purpose;
pub mod retention;
pub mod roles;
pub mod segment;

use fault::Fault;

/// A value in the database that the code does not know: a newer version wrote it, or somebody by hand.
fn unreadable(column: &'static str) -> Fault {
    Fault::internal(format!("cannot read {column}"))
}
