//! Who is there: a pure fold of signals, leases, snapshots and the passing of time into transitions. No clock, no I/O:
//! every call says what time it is.

mod gateway;
mod limits;
mod mass_loss;
mod moment;
mod numbers;
mod read;
mod roster;
mod tab;
mod verdict;
mod visitor;
mod wheel;

pub use limits::Limits;
pub use moment::Moment;
pub use read::{read_lease, read_signal, read_snapshot};
pub use roster::{Effects, Restored, Roster, SnapshotWanted, Transition, View};
pub use tab::{Ending, TabKey, TabState};

use ::domain::{VisitorId, WorkspaceId};

/// A visitor of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Who {
    pub workspace: WorkspaceId,
    pub visitor: VisitorId,
}

/// One numbered signal: the whole state of one tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    pub gateway: String,
    /// From 1, without gaps, per gateway and shard.
    pub number: u64,
    pub who: Who,
    pub tab: TabKey,
    pub state: TabState,
}

/// A gateway is alive, and has sent this many signals per shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub gateway: String,
    /// Last number per shard, index = shard.
    pub last_numbers: Vec<u64>,
    /// An orderly stop: this is its last lease.
    pub leaving: bool,
}

/// All live tabs of one shard at one gateway, current to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub gateway: String,
    pub shard: u32,
    pub number: u64,
    pub tabs: Vec<(Who, TabKey, TabState)>,
}
