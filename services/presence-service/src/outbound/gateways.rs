use crate::domain::{Snapshot, SnapshotWanted, read_snapshot};
use bus::Bus;
use events::event::SnapshotRequest;
use fault::{Fault, Result, codes};
use prost::Message;
use std::time::Duration;

/// A gateway that does not answer in this time is asked again with its next lease.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The gateways, as those who know every live tab.
#[derive(Clone)]
pub(crate) struct Gateways {
    bus: Bus,
}

impl Gateways {
    pub(crate) fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// All live tabs of a shard at a gateway.
    pub(crate) async fn get_snapshot(&self, wanted: &SnapshotWanted) -> Result<Snapshot> {
        let request = SnapshotRequest { shard: wanted.shard }.encode_to_vec();
        let subject = events::signal::snapshot(&wanted.gateway);
        let answer = tokio::time::timeout(TIMEOUT, self.bus.client().request(subject, request.into())).await;
        let message = answer
            .map_err(|late| Fault::new(&codes::TIMEOUT, "the gateway took too long").because(late))?
            .map_err(|error| Fault::unavailable("the gateway", error))?;
        let snapshot = read_snapshot(&message.payload)?;
        if snapshot.gateway != wanted.gateway || snapshot.shard != wanted.shard {
            return Err(Fault::internal("the gateway answered for another gateway or shard"));
        }
        Ok(snapshot)
    }
}
