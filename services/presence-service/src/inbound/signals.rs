use crate::app::Heard;
use crate::domain::{Ending, Lease, Signal, Snapshot, TabKey, TabState, Who};
use ::domain::{Invalid, VisitorId, WorkspaceId};
use bus::Bus;
use events::event::{GatewayLease, Snapshot as SnapshotMessage, TabEnd, TabSignal};
use events::signal::{LEASE, SHARDS, TABS};
use fault::{Fault, Result};
use futures::stream::{PollNext, select_with_strategy};
use futures::{Stream, StreamExt, future};
use prost::Message;
use std::time::Duration;

/// A gateway's id becomes part of a subject: no dots, no wildcards, not endless.
const GATEWAY_ID: usize = 64;

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

fn read_signal(payload: &[u8]) -> Result<Signal, Invalid> {
    let message = TabSignal::decode(payload).map_err(|_| Invalid::new("signal", "is not a TabSignal"))?;
    let (who, tab, state) = read_tab(&message)?;
    if message.number == 0 {
        return Err(Invalid::new("number", "begins at 1"));
    }
    Ok(Signal {
        gateway: gateway(message.gateway)?,
        number: message.number,
        who,
        tab,
        state,
    })
}

fn read_lease(payload: &[u8]) -> Result<Lease, Invalid> {
    let message = GatewayLease::decode(payload).map_err(|_| Invalid::new("lease", "is not a GatewayLease"))?;
    Ok(Lease {
        gateway: gateway(message.gateway)?,
        last_numbers: message.last_numbers,
        leaving: message.leaving,
    })
}

/// A gateway's answer to a request for a snapshot.
pub(crate) fn read_snapshot(payload: &[u8]) -> Result<Snapshot, Invalid> {
    let message = SnapshotMessage::decode(payload).map_err(|_| Invalid::new("snapshot", "is not a Snapshot"))?;
    if message.shard >= SHARDS {
        return Err(Invalid::new("shard", "is not one of ours"));
    }
    Ok(Snapshot {
        gateway: gateway(message.gateway)?,
        shard: message.shard,
        number: message.number,
        tabs: message.tabs.iter().map(read_tab).collect::<Result<_, _>>()?,
    })
}

fn read_tab(message: &TabSignal) -> Result<(Who, TabKey, TabState), Invalid> {
    let who = Who {
        workspace: WorkspaceId::parse(&message.workspace)?,
        visitor: VisitorId::parse(&message.visitor)?,
    };
    let state = TabState {
        idle: Duration::from_millis(message.idle_ms),
        active: !message.quiet,
        hidden: message.hidden_ms.map(Duration::from_millis),
        ending: match TabEnd::try_from(message.end) {
            Ok(TabEnd::Unspecified) => None,
            Ok(TabEnd::Closed) => Some(Ending::Closed),
            // An ending that only later versions know is an ending all the same, and not an explicit close.
            Ok(TabEnd::Lost) | Err(_) => Some(Ending::Lost),
        },
    };
    Ok((who, TabKey::of(&message.tab), state))
}

fn gateway(id: String) -> Result<String, Invalid> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if id.is_empty() || id.len() > GATEWAY_ID || !id.bytes().all(fits) {
        return Err(Invalid::new(
            "gateway",
            "needs 1 to 64 characters out of a-z, A-Z, 0-9, '-' and '_'",
        ));
    }
    Ok(id)
}
