//! Who is connected and looking, since when and why.
//!
//! Does not own: messages, and what follows from presence.

mod app;
mod config;
pub mod domain;
mod inbound;
mod outbound;
mod wiring;

pub use config::Config;
pub use wiring::start;

/// The service's tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
