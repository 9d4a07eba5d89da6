//! PostgreSQL, nats-server, Kannel and Postfix as children of this process.

pub(crate) mod binaries;
mod catalogue;
mod database;
mod kannel;
mod nats;
mod postfix;
mod postfix_policy;
mod postgres;
mod process;

pub use catalogue::tables_with;
pub use database::{DATABASE_URL_VARIABLE, TestDatabase};
pub use kannel::{Kannel, KannelPorts};
pub use nats::{Nats, NatsOptions, TestNats};
pub use postfix::Postfix;
pub use postgres::{Postgres, PostgresOptions};
pub use process::{Exit, Process, Spawn, free_port};
