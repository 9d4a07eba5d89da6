//! Who can be given chats: agents and their availability.
//!
//! Does not own: who an agent is and what they may do, and any text.

mod app;
mod config;
mod domain;
mod inbound;
mod outbound;
mod wiring;

pub use config::Config;
pub use wiring::start;

/// The service's tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
