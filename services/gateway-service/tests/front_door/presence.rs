//! What the gateway tells presence-service.

use crate::gateway::{PATIENCE, World, text};
use anyhow::{Context, Result, ensure};
use domain::{VisitorId, WorkspaceId};
use events::event::{GatewayLease, Snapshot, SnapshotRequest, TabEnd, TabSignal};
use events::signal;
use futures::StreamExt;
use prost::Message;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Hears all signals, as presence-service does, and holds them to their numbers.
pub struct Watch {
    signals: async_nats::Subscriber,
    last: HashMap<String, u64>,
}

impl Watch {
    pub async fn new(world: &World) -> Result<Self> {
        let signals = world.nats.subscribe(signal::TABS).await?;
        world.nats.flush().await?;
        Ok(Self {
            signals,
            last: HashMap::new(),
        })
    }

    pub async fn next(&mut self) -> Result<TabSignal> {
        let message = tokio::time::timeout(PATIENCE, self.signals.next())
            .await
            .context("no signal came")?;
        let message = message.context("the subscription ended")?;
        let signal = TabSignal::decode(message.payload)?;
        let last = self.last.entry(message.subject.to_string()).or_default();
        ensure!(signal.number == *last + 1, "after {last} came {}", signal.number);
        *last = signal.number;
        Ok(signal)
    }

    /// Reads on until this tab ends.
    pub async fn end_of(&mut self, tab: &str) -> Result<TabEnd> {
        loop {
            let signal = self.next().await?;
            if signal.tab == tab && signal.end() != TabEnd::Unspecified {
                return Ok(signal.end());
            }
        }
    }
}

#[tokio::test]
async fn edges_become_numbered_signals_with_ages() -> Result<()> {
    let world = World::start().await?;
    let mut watch = Watch::new(&world).await?;
    let session = world.session("web").await?;
    let (mut socket, welcome) = world.socket(&session, None).await?;
    let opened = watch.next().await?;
    assert_eq!(
        (opened.tab.clone(), opened.visitor.clone()),
        (text(&welcome, "tab")?, text(&welcome, "visitor")?)
    );
    assert_eq!(
        (opened.workspace.as_str(), opened.idle_ms, opened.hidden_ms),
        ("acme", 0, None)
    );
    let tab = |visible: bool, idle_ms: u64, quiet: bool| json!({"type": "tab", "visible": visible, "idle_ms": idle_ms, "quiet": quiet});
    for (frame, idle_ms, quiet, hidden_ms) in [
        (tab(true, 0, false), 0, false, None),
        (tab(true, 5_000, true), 5_000, true, None),
        (tab(false, 5_000, true), 5_000, true, Some(0)),
    ] {
        world.clock.advance(Duration::from_secs(10));
        socket.say(frame).await?;
        let heard = watch.next().await?;
        assert_eq!(
            (heard.idle_ms, heard.quiet, heard.hidden_ms),
            (idle_ms, quiet, hidden_ms)
        );
    }
    world.clock.advance(Duration::from_secs(60));
    socket.say(tab(false, 65_000, true)).await?;
    socket.say(json!({"type": "bye"})).await?;
    let last = watch.next().await?;
    assert_eq!(
        (last.end(), last.hidden_ms),
        (TabEnd::Closed, Some(60_000)),
        "nothing new is not told"
    );
    Ok(())
}

#[tokio::test]
async fn only_a_close_that_is_said_is_a_close() -> Result<()> {
    let world = World::start().await?;
    let mut watch = Watch::new(&world).await?;
    let session = world.session("web").await?;
    let close = |code: u16| {
        Frame::Close(Some(CloseFrame {
            code: code.into(),
            reason: "".into(),
        }))
    };
    for (frame, expected) in [
        (Some(close(1000)), TabEnd::Closed),
        (Some(close(1001)), TabEnd::Closed),
        (Some(Frame::Close(None)), TabEnd::Lost),
        (Some(close(3000)), TabEnd::Lost),
        (None, TabEnd::Lost),
    ] {
        let (mut socket, welcome) = world.socket(&session, None).await?;
        if let Some(frame) = frame.clone() {
            socket.send(frame).await?;
        }
        drop(socket);
        assert_eq!(watch.end_of(&text(&welcome, "tab")?).await?, expected, "{frame:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_good_bye_counts_although_what_was_said_before_it_can_no_longer_be_answered() -> Result<()> {
    let world = World::start().await?;
    let mut watch = Watch::new(&world).await?;
    let session = world.session("web").await?;
    let mut frames = vec![json!({"type": "ping"}); 30];
    for (last, expected) in [
        (json!({"type": "bye"}), TabEnd::Closed),
        (json!({"type": "ping"}), TabEnd::Lost),
    ] {
        let (socket, welcome) = world.socket(&session, None).await?;
        frames.push(last);
        socket.say_and_vanish(&frames).await?;
        frames.pop();
        assert_eq!(watch.end_of(&text(&welcome, "tab")?).await?, expected, "{frames:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_beacon_closes_its_tab_and_a_page_that_goes_on_reopens_it() -> Result<()> {
    let world = World::start().await?;
    let mut watch = Watch::new(&world).await?;
    let session = world.session("web").await?;
    let stranger = world.session("web").await?;
    let (mut socket, welcome) = world.socket(&session, None).await?;
    let tab = text(&welcome, "tab")?;
    for (token, status) in [(&stranger, 204), (&session, 204)] {
        let body = format!("{token} {tab}");
        let request = world
            .http
            .post(world.url("/v1/beacon"))
            .header("content-type", "text/plain")
            .body(body);
        assert_eq!(request.send().await?.status(), status);
    }
    assert_eq!(watch.next().await?.end(), TabEnd::Unspecified);
    assert_eq!(
        watch.next().await?.end(),
        TabEnd::Closed,
        "the stranger's word changed nothing"
    );
    socket
        .say(json!({"type": "tab", "visible": true, "idle_ms": 0, "quiet": false}))
        .await?;
    assert_eq!(watch.next().await?.end(), TabEnd::Unspecified);
    Ok(())
}

#[tokio::test]
async fn a_good_bye_that_reached_another_gateway_closes_the_tab_here() -> Result<()> {
    let world = World::start().await?;
    let mut watch = Watch::new(&world).await?;
    let session = world.session("web").await?;
    let (_socket, welcome) = world.socket(&session, None).await?;
    let opened = watch.next().await?;
    let closed = TabSignal {
        end: TabEnd::Closed.into(),
        ..opened
    };
    world
        .nats
        .publish(signal::CLOSED, closed.encode_to_vec().into())
        .await?;
    assert_eq!(watch.end_of(&text(&welcome, "tab")?).await?, TabEnd::Closed);
    Ok(())
}

#[tokio::test]
async fn a_snapshot_tells_all_live_tabs_and_the_lease_their_numbers() -> Result<()> {
    let world = World::start_with(&[("HOMING_GATEWAY_LEASE_MS", "50")]).await?;
    let mut watch = Watch::new(&world).await?;
    let mut leases = world.nats.subscribe(signal::LEASE).await?;
    let session = world.session("web").await?;
    let (_one, welcome) = world.socket(&session, None).await?;
    let (_two, _) = world.socket(&session, None).await?;
    let (first, second) = (watch.next().await?, watch.next().await?);
    assert_eq!((first.number, second.number), (1, 2), "one visitor, one shard");
    let workspace = WorkspaceId::parse("acme")?;
    let shard = signal::shard(&workspace, VisitorId::parse(&text(&welcome, "visitor")?)?);
    let request = SnapshotRequest { shard }.encode_to_vec();
    let reply = world
        .nats
        .request(signal::snapshot(&first.gateway), request.into())
        .await?;
    let snapshot = Snapshot::decode(reply.payload)?;
    assert_eq!(
        (snapshot.gateway.as_str(), snapshot.shard, snapshot.number),
        (first.gateway.as_str(), shard, 2)
    );
    let mut tabs: Vec<String> = snapshot.tabs.into_iter().map(|tab| tab.tab).collect();
    tabs.sort();
    assert_eq!(tabs, [first.tab, second.tab]);
    loop {
        let lease = tokio::time::timeout(PATIENCE, leases.next())
            .await?
            .context("a lease")?;
        let lease = GatewayLease::decode(lease.payload)?;
        if lease.last_numbers[shard as usize] == 2 {
            assert!(!lease.leaving && lease.gateway == first.gateway);
            return Ok(());
        }
    }
}

#[tokio::test]
async fn a_stop_closes_sockets_as_lost_and_says_that_it_leaves() -> Result<()> {
    let world = World::start().await?;
    let mut watch = Watch::new(&world).await?;
    let mut leases = world.nats.subscribe(signal::LEASE).await?;
    world.nats.flush().await?;
    let session = world.session("web").await?;
    let (mut socket, welcome) = world.socket(&session, None).await?;
    let ready = world.url("/readyz");
    assert_eq!(world.http.get(&ready).send().await?.status(), 200);
    let stopped = tokio::spawn(world.gateway.running.stop());
    assert_eq!(socket.closed().await?, 1012);
    assert_eq!(watch.end_of(&text(&welcome, "tab")?).await?, TabEnd::Lost);
    tokio::time::timeout(PATIENCE, stopped).await??;
    let mut last = GatewayLease::default();
    while let Ok(Some(lease)) = tokio::time::timeout(Duration::from_millis(200), leases.next()).await {
        last = GatewayLease::decode(lease.payload)?;
    }
    assert!(last.leaving);
    assert_eq!(last.last_numbers.iter().sum::<u64>(), 2);
    Ok(())
}
