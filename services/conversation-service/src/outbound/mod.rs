//! The outside: this service's database, and its peers.

mod contacts;
pub mod postgres;

pub use contacts::{Contacts, RecordedConsent};
