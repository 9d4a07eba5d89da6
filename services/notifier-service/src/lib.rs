//! Decides, exactly once, whether and how to bring a customer back, and does it: follow-ups, deliveries, receipts,
//! return links and opt-outs. Never holds balances, texts of messages, or addresses.

mod app;
mod config;
mod domain;
mod inbound;
mod metrics;
mod outbound;
mod provider_file;
pub mod simulation;
mod wiring;

pub use config::Config;
pub use wiring::start;

/// The service's schema.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
