use crate::domain::{Ending, Lease, Signal, Snapshot, TabKey, TabState, Who};
use ::domain::{Invalid, VisitorId, WorkspaceId};
use events::event::{GatewayLease, Snapshot as SnapshotMessage, TabEnd, TabSignal};
use events::signal::SHARDS;
use prost::Message;
use std::time::Duration;

/// A gateway's id becomes part of a subject: no dots, no wildcards, not endless.
const GATEWAY_ID: usize = 64;

/// A signal off the wire.
pub fn read_signal(payload: &[u8]) -> Result<Signal, Invalid> {
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

/// A lease off the wire.
pub fn read_lease(payload: &[u8]) -> Result<Lease, Invalid> {
    let message = GatewayLease::decode(payload).map_err(|_| Invalid::new("lease", "is not a GatewayLease"))?;
    Ok(Lease {
        gateway: gateway(message.gateway)?,
        last_numbers: message.last_numbers,
        leaving: message.leaving,
    })
}

/// A gateway's answer to a request for a snapshot.
pub fn read_snapshot(payload: &[u8]) -> Result<Snapshot, Invalid> {
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
