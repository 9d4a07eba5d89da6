//! Every metric that the shared crates export: declared once in [`CATALOGUE`], recorded through the functions here, which
//! take the labels in full. Labels have few values (consumers, rpcs, codes of the fault catalogue), and none of them is
//! anybody's data. Without a meter provider nothing is recorded.
//!
//! `deploy/dashboards/README.md` is written from the catalogue, and the dashboard is checked against it.

mod catalogue;
mod record;

pub use catalogue::{CATALOGUE, Kind, Metric};
pub use record::{
    billing_drift, consumed, dead_lettered, handled, outbox, parked, publish_failed, redelivered, relayed, rpc_called,
    rpc_served,
};
