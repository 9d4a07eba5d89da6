//! The whole system as children of this process: NATS, PostgreSQL, sinks and the seven services. Shared by `dev`,
//! `demo` and the end-to-end tests.

mod endpoints;
mod launch;
mod ports;
mod secrets;
mod service;

pub use endpoints::{DATA_FOLDER, Endpoints};
pub(crate) use launch::healthy;
pub use launch::{Stack, StackOptions, beside_us};
pub use service::Service;
