//! The edge: the customers' socket, the public HTTP API, provider callbacks and return links. The services behind it
//! stay private.
//!
//! Does not own: any state of the domain. Sessions and one-time tickets are all it stores.

pub mod app;
pub mod config;
pub mod contracts;
pub mod domain;
pub mod inbound;
pub mod outbound;
mod wiring;

pub use config::Config;
pub use wiring::Gateway;

use fault::Result;
use runtime::{Running, Shell};

/// Tables of this service.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Starts the gateway.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    Ok(wiring::start(config, shell).await?.running)
}

/// Like [`start`], and tells where HTTP listens; for tests, which take any free port.
pub async fn start_at(config: Config, shell: Shell) -> Result<Gateway> {
    wiring::start(config, shell).await
}
