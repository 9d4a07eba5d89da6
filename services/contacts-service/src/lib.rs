//! Contacts and their addresses, each bound to a purpose. See the README beside this crate.

mod app;
mod config;
pub mod domain;
mod inbound;
mod outbound;
mod wiring;

pub use config::Config;
pub use wiring::start;

/// The schema, applied by `contacts-service migrate`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
