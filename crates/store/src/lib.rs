//! PostgreSQL as every service uses it. State and its facts commit in one transaction; a transaction sees only the
//! workspaces it names; what works across workspaces (relay, timers) does so under a second role with column rights.
//!
//! Rules kept here: no transaction begins or commits inside a future that can be cancelled (both run in a task of
//! their own); the relay takes unpublished rows with SKIP LOCKED, never 'newer than the last one'; published rows stay
//! 24 hours and are published again when the stream turns out to have lost them.
//!
//! Does not own: any service's tables or SQL.

mod blockers;
pub mod due;
mod fault_of;
mod lease;
mod migrate;
mod outbox;
mod relay;
mod transaction;

pub use fault_of::{OrFault, unique_violation};
pub use lease::{Lease, Tenure};
pub use migrate::{MigrateError, Patience, migrate, migrate_with};
pub use relay::Relay;
pub use transaction::{Store, StoreConfig, Tx};
