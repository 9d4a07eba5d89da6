//! The only SQL of this service. Functions take the transaction's connection; who locks what is said where it is done.

pub mod agent;
pub mod assignee;
pub mod automatic_messages;
pub mod card;
pub mod channel;
pub mod conversation;
pub mod counter;
pub mod facts_reader;
pub mod follow_up;
pub mod form;
pub mod ingest;
pub mod input_form;
pub mod integration;
pub mod interaction;
pub mod message;
pub mod message_delivery;
pub mod opening_hours;
pub mod person;
pub mod rating;
pub mod retention;
pub mod run;
pub mod staffing;
pub mod star;
pub mod text_sender;
pub mod transcript;
pub mod workflow;
pub mod workspace;

use fault::{Fault, Result};

/// Numbers are positive and far from the limits of either type.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn loaded(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A word that only this service writes.
fn known<T>(word: Option<T>, column: &'static str) -> Result<T> {
    word.ok_or_else(|| Fault::internal(format!("{column} holds a word that this version does not know")))
}
