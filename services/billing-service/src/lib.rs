//! Accounts, prices, holds and usage: what messages cost. See the README beside this crate.

mod app;
mod config;
pub mod domain;
mod inbound;
mod outbound;
mod wiring;

pub use config::Config;
pub use wiring::start;

/// The schema, applied by `billing-service migrate`.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
