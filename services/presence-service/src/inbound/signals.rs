use crate::app::Heard;
use crate::domain::{read_lease, read_signal};
use bus::Bus;
use events::signal::{LEASE, TABS};
use fault::{Fault, Result};
use futures::stream::{PollNext, select_with_strategy};
use futures::{Stream, StreamExt, future};

/// What the gateways say on core NATS.
#[derive(Clone)]
pub(crate) struct Signals {
    bus: Bus,
}

impl Signals {
    pub(crate) fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// Everything from now on. What cannot be read is logged and left out: its number is missed, and a snapshot follows.
    pub(crate) async fn subscribe(&self) -> Result<impl Stream<Item = Heard> + use<>> {
        let client = self.bus.client();
        let away = |error| Fault::unavailable("NATS", error);
        let tabs = client.subscribe(TABS).await.map_err(away)?;
        let leases = client.subscribe(LEASE).await.map_err(away)?;
        client
            .flush()
            .await
            .map_err(|error| Fault::unavailable("NATS", error))?;
        let tabs = tabs.map(|message| read_signal(&message.payload).map(Heard::Signal));
        let leases = leases.map(|message| read_lease(&message.payload).map(Heard::Lease));
        // Tabs first: a lease tells the last number, and the signals it counts should be heard before it.
        let both = select_with_strategy(tabs, leases, |(): &mut ()| PollNext::Left);
        Ok(both.filter_map(|heard| {
            future::ready(
                heard
                    .map_err(|invalid| tracing::warn!("a signal that cannot be read: {invalid}"))
                    .ok(),
            )
        }))
    }
}
