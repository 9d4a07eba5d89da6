//! What goes out: calls of other services, and SQL.

mod conversation;
pub(crate) mod postgres;

pub(crate) use conversation::{Conversations, Entrance, FirstWords};
