//! Use cases, one file each, around the board that they share.

pub(crate) mod answer_gaps;
pub(crate) mod batch_get_presence;
mod board;
pub(crate) mod erase_person;
pub(crate) mod fold_signals;
pub(crate) mod get_presence;
pub(crate) mod own_presence;
pub(crate) mod prune_visitors;
pub(crate) mod record_transitions;
pub(crate) mod watch_presence;

pub(crate) use board::{Board, Heard, Known};
