//! What the service reaches out to.

mod persons;
pub mod postgres;

pub use persons::{Entries, Interactions, Peers, Persons};
