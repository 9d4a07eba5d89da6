//! Subjects of presence signals on core NATS. Not stored: a lost one is seen by its number, and a snapshot asked for.

use domain::{VisitorId, WorkspaceId};

/// Shards of visitors; part of the subject, so changing it needs all gateways and presence-service at once.
pub const SHARDS: u32 = 16;

/// The lease that every gateway publishes.
pub const LEASE: &str = "homing.v1.signal.lease";

/// All tab signals, all shards.
pub const TABS: &str = "homing.v1.signal.tab.*";

/// A page's good-bye that reached another gateway than its socket: a [`crate::event::TabSignal`] without number, for
/// whichever gateway holds that tab.
pub const CLOSED: &str = "homing.v1.signal.closed";

/// Where the tabs of a shard are told.
pub fn tab(shard: u32) -> String {
    format!("homing.v1.signal.tab.{shard}")
}

/// Where one gateway answers snapshot requests.
pub fn snapshot(gateway: &str) -> String {
    format!("homing.v1.signal.snapshot.{gateway}")
}

/// The shard of a visitor: FNV-1a over workspace and visitor, the same in every process and version.
pub fn shard(workspace: &WorkspaceId, visitor: VisitorId) -> u32 {
    let bytes = workspace.as_str().bytes().chain(visitor.0.as_bytes().iter().copied());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    u32::try_from(hash % u64::from(SHARDS)).expect("a remainder of 16 fits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitors_shard_never_moves() {
        let workspace = WorkspaceId::parse("acme").expect("a slug");
        let visitor = VisitorId::parse("018f4e3a-0000-7000-8000-000000000001").expect("an id");
        assert_eq!(shard(&workspace, visitor), 8);
    }
}
