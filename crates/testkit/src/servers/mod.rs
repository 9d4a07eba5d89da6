//! PostgreSQL and nats-server as children of this process.

pub(crate) mod binaries;
mod catalogue;
mod database;
mod nats;
mod postgres;
mod process;

pub use database::{DATABASE_URL_VARIABLE, TestDatabase};
pub use nats::{Nats, NatsOptions, TestNats};
pub use postgres::{Postgres, PostgresOptions};
pub use process::{Exit, Process, Spawn, free_port};
