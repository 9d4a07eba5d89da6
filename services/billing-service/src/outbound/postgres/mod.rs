//! The service's only SQL. Functions take a transaction's connection and the workspace, or rows of
//! several workspaces where they are written together; none begins or commits.

pub mod account;
pub mod audit;
pub mod hold;
pub mod lot;
pub mod plan;
pub mod price;
pub mod settlement;
pub mod statement;
pub mod transfer;
pub mod usage;

use fault::{Fault, Result};

/// A value in the database that the code does not know: a newer version wrote it, or somebody by hand.
fn unreadable(column: &'static str) -> Fault {
    Fault::internal(format!("cannot read {column}"))
}

fn amount(column: &'static str, micro: i64) -> Result<domain::Pu> {
    domain::Pu::from_micro(micro).map_err(|_| unreadable(column))
}

fn read_workspace(text: &str) -> Result<domain::WorkspaceId> {
    domain::WorkspaceId::parse(text).map_err(|_| unreadable("workspace_id"))
}
