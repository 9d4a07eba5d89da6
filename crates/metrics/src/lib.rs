//! Every metric that is exported: declared once in [`CATALOGUE`]. Those of the shared crates are recorded through the functions
//! here, which take the labels in full; those of [`sending`] and [`door`] by the services that they are of. Labels have few values (consumers, rpcs, codes of the fault catalogue), and none of them is
//! anybody's data. Without a meter provider nothing is recorded.
//!
//! `deploy/dashboards/README.md` is written from the catalogue, and the dashboard is checked against it.

mod catalogue;
pub mod door;
mod record;
pub mod sending;

pub use catalogue::{CATALOGUE, Kind, Metric};
pub use record::{
    account_noticed, billing_drift, consumed, dead_lettered, erasure_failed, erasures, handled, outbox, parked,
    publish_failed, redelivered, relayed, request_assigned, request_waited, requests_waiting, retention_erased,
    rpc_called, rpc_served, workflow_late, workflow_moved,
};
