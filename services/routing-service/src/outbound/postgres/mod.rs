//! The only SQL of this service. Functions take the transaction's connection; who locks what is said where it is done.

pub(crate) mod agent;
pub(crate) mod assignment;
pub(crate) mod channel_routing;
pub(crate) mod invitation;
pub(crate) mod opening;
pub(crate) mod person;
pub(crate) mod queue;
pub(crate) mod request;
pub(crate) mod resolved;
pub(crate) mod retention;
pub(crate) mod staffing;
pub(crate) mod visitor_conversation;

use fault::{Fault, Result};

/// Numbers are positive and far from the limits of either type.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn loaded(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Chats: at most 100.
fn int(chats: u32) -> i32 {
    i32::try_from(chats).unwrap_or(i32::MAX)
}

/// A word that only this service writes.
fn known<T>(word: Option<T>, column: &'static str) -> Result<T> {
    word.ok_or_else(|| Fault::internal(format!("{column} holds a word that this version does not know")))
}
