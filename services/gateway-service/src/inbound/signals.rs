//! Presence signals: leases at a fixed pace, answers to snapshot requests, good-byes that reached another gateway, and
//! the loop that publishes what is told about tabs.

use crate::app::edge::Edge;
use crate::app::tabs::Word;
use crate::domain::ledger::TabKey;
use crate::outbound::signals::Signals;
use bus::Bus;
use domain::{VisitorId, WorkspaceId};
use events::event::{SnapshotRequest, TabEnd, TabSignal};
use events::signal;
use fault::{Fault, Result};
use futures::StreamExt;
use prost::Message;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// How long open sockets may take to say good-bye when the process stops.
const SOCKETS_END_WITHIN: Duration = Duration::from_secs(5);

/// Publishes until the process stops and every socket has ended; then says that it leaves.
pub async fn publish(edge: Arc<Edge>, signals: Signals, mut words: mpsc::Receiver<Word>, lease: Duration) {
    let mut pace = tokio::time::interval(lease);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let word = tokio::select! {
            biased;
            _ = pace.tick() => {
                edge.tabs.lease(false);
                continue;
            }
            () = edge.drain.cancelled() => break,
            word = words.recv() => word,
        };
        let Some(word) = word else { return };
        tell(&signals, word).await;
    }
    edge.sockets.close();
    let ended = edge.sockets.wait();
    tokio::pin!(ended);
    let deadline = tokio::time::sleep(SOCKETS_END_WITHIN);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            word = words.recv() => match word {
                Some(word) => tell(&signals, word).await,
                None => break,
            },
            () = &mut ended => break,
            () = &mut deadline => break,
        }
    }
    edge.tabs.lease(true);
    while let Ok(word) = words.try_recv() {
        tell(&signals, word).await;
    }
    if let Err(fault) = signals.flush().await {
        tracing::warn!("the last presence signals may not have left: {}", fault.chain());
    }
}

async fn tell(signals: &Signals, word: Word) {
    if let Err(fault) = signals.publish(word).await {
        tracing::warn!(code = fault.code().name, "a presence signal is lost: {}", fault.chain());
    }
}

/// Subscribes at once; the future answers requests until the process stops.
pub async fn answer_snapshots(edge: Arc<Edge>, bus: Bus) -> Result<impl Future<Output = ()>> {
    let subject = signal::snapshot(&edge.tabs.gateway().to_string());
    let subscribed = bus.client().subscribe(subject).await;
    let mut requests = subscribed.map_err(|error| Fault::unavailable("NATS", error))?;
    Ok(async move {
        while let Some(Some(request)) = edge.drain.run_until_cancelled(requests.next()).await {
            let asked = SnapshotRequest::decode(request.payload).ok();
            let snapshot = asked.and_then(|asked| edge.tabs.snapshot(asked.shard));
            let (Some(snapshot), Some(reply)) = (snapshot, request.reply) else {
                tracing::warn!("a snapshot request that cannot be answered");
                continue;
            };
            if let Err(error) = bus.client().publish(reply, snapshot.encode_to_vec().into()).await {
                tracing::warn!("a snapshot could not be sent: {error}");
            }
        }
    })
}

/// Subscribes at once; the future closes tabs of ours whose page said good-bye to another gateway.
pub async fn hear_closed(edge: Arc<Edge>, bus: Bus) -> Result<impl Future<Output = ()>> {
    let subscribed = bus.client().subscribe(signal::CLOSED).await;
    let mut closed = subscribed.map_err(|error| Fault::unavailable("NATS", error))?;
    Ok(async move {
        while let Some(Some(message)) = edge.drain.run_until_cancelled(closed.next()).await {
            let key = TabSignal::decode(message.payload).ok().and_then(|signal| key(&signal));
            if let Some(key) = key {
                edge.tabs.end(key, TabEnd::Closed);
            }
        }
    })
}

fn key(signal: &TabSignal) -> Option<TabKey> {
    let workspace = WorkspaceId::parse(&signal.workspace).ok()?;
    let visitor = VisitorId::parse(&signal.visitor).ok()?;
    Some(TabKey::new(&workspace, visitor, Uuid::try_parse(&signal.tab).ok()?))
}
