//! The whole system as children of this process: NATS, PostgreSQL, sinks and the seven services. Shared by `dev`,
//! `demo` and the end-to-end tests.

mod endpoints;
mod launch;
mod nats_users;
mod ports;
mod service;

pub use endpoints::{DATA_FOLDER, Endpoints};
pub(crate) use launch::healthy;
pub use launch::{Stack, StackOptions};
pub use nats_users::NatsUsers;
pub(crate) use nats_users::inbox;
pub use service::Service;
