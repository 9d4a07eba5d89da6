//! All SQL of the service, one file per noun. Every function works inside the caller's transaction.

pub mod carried_message;
pub mod case;
pub mod channel;
pub mod conversation;
pub mod delivery;
pub mod follow_up;
pub mod inbound_text;
pub mod joining_text;
pub mod opt_out;
pub mod person;
pub mod presence;
pub mod receipt;
pub mod reminder_mail;
pub mod reply_address;
pub mod return_link;
pub mod send_limit;
pub mod submitted_part;
pub mod timeline;

use fault::{Fault, Result};

/// Sequences, versions and amounts are unsigned in the domain and signed in the database.
pub(crate) fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(Fault::internal)
}

pub(crate) fn unsigned(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(Fault::internal)
}

/// A stored word that the code does not know: a migration is missing, or was run backwards.
pub(crate) fn word<T>(column: &'static str, word: &str, parsed: Option<T>) -> Result<T> {
    parsed.ok_or_else(|| Fault::internal(format!("{column} holds the unknown word {word:?}")))
}
