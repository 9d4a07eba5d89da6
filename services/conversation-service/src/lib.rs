//! conversation-service: workspaces and what is set up in them; conversations, messages and read marks; ingest.
//! See README.md for what it owns and what it never does.

mod app;
mod config;
mod domain;
mod inbound;
mod outbound;
mod wire;
mod wiring;

pub use config::Config;
pub use wiring::start;

/// The schema, for `migrate` and for tests.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
