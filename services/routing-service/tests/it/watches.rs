//! Streams of alerts and of the queue.

use crate::desk::{held_by, refusal, web};
use crate::door::{Door, SOON, Tested};
use anyhow::Context;
use events::event::{AgentAvailability, RequestState};
use rpc::routing::{Request, WatchAlertsRequest, WatchAlertsResponse, WatchQueueRequest, WatchQueueResponse};
use std::time::Duration;
use tokio::time::timeout;
use tonic::Streaming;

async fn next(alerts: &mut Streaming<WatchAlertsResponse>) -> anyhow::Result<Request> {
    let told = timeout(SOON, alerts.message()).await??.context("the watch goes on")?;
    told.request.context("a request")
}

async fn once(queue: &mut Streaming<WatchQueueResponse>, fits: impl Fn(&WatchQueueResponse) -> bool) -> Tested {
    loop {
        let told = timeout(SOON, queue.message())
            .await
            .context("a change")??
            .context("the watch goes on")?;
        if fits(&told) {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn an_agent_sees_what_they_have_and_each_change_of_it_from_whichever_replica() -> Tested {
    let door = Door::open().await?;
    let replica = door.another().await?;
    door.sales(&["ann", "bob"], 1).await?;
    door.available("ann").await?;
    let first = door.waiting().await?;
    let watching = WatchAlertsRequest {
        workspace: "acme".into(),
        agent: "ann".into(),
    };
    let url = format!("http://{}", replica.grpc);
    let mut there = rpc::routing::queue_service_client::QueueServiceClient::connect(url).await?;
    let mut alerts = there.watch_alerts(watching).await?.into_inner();
    assert_eq!(next(&mut alerts).await?, first, "what is theirs already");
    let served = door.accept(&first, "ann").await?;
    assert_eq!(next(&mut alerts).await?, served);

    // Somebody else's changes are not told; what is theirs no more comes once again.
    door.available("bob").await?;
    let other = door.waiting().await?;
    assert_eq!(held_by(&other), "bob");
    door.accept(&other, "bob").await?;
    door.resolve(&served.conversation).await?;
    let gone = next(&mut alerts).await?;
    assert_eq!(
        (gone.request.as_str(), gone.state()),
        (served.request.as_str(), RequestState::Done)
    );
    let second = door.waiting().await?;
    assert_eq!(next(&mut alerts).await?, second);
    door.clock.advance(Duration::from_secs(30));
    let missed = next(&mut alerts).await?;
    assert_eq!(
        (missed.request.as_str(), held_by(&missed)),
        (second.request.as_str(), "")
    );
    drop(alerts);
    replica.stop().await;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_queue_is_told_with_its_figures() -> Tested {
    let door = Door::open().await?;
    door.sales(&["ann"], 2).await?;
    let watching = WatchQueueRequest {
        workspace: "acme".into(),
        team: "sales".into(),
    };
    let mut queue = door.queue().watch_queue(watching.clone()).await?.into_inner();
    let mut same = door.queue().watch_queue(watching).await?.into_inner();
    once(&mut queue, |told| *told == WatchQueueResponse::default()).await?;
    let first = door.waiting().await?;
    door.waiting().await?;
    door.waiting().await?;
    let since = first.waiting_since;
    once(&mut queue, |told| told.waiting == 3 && told.waiting_since == since).await?;
    once(&mut same, |told| told.waiting == 3).await?;
    door.available("ann").await?;
    once(&mut queue, |told| {
        (told.waiting, told.alerted, told.serving, told.free_agents) == (1, 2, 0, 1)
    })
    .await?;
    door.accept(&first, "ann").await?;
    once(&mut queue, |told| {
        (told.waiting, told.alerted, told.serving) == (1, 1, 1)
    })
    .await?;
    door.profile("ann", web(9)).await?;
    once(&mut queue, |told| {
        (told.waiting, told.alerted, told.free_agents) == (0, 2, 1)
    })
    .await?;
    door.set("acme", "ann", AgentAvailability::Away).await?;
    once(&mut queue, |told| told.free_agents == 0 && told.serving == 1).await?;
    let bad = WatchQueueRequest {
        workspace: "acme".into(),
        team: "Sales!".into(),
    };
    assert_eq!(refusal(door.queue().watch_queue(bad).await).1, "team");
    let nowhere = WatchQueueRequest {
        workspace: "acme".into(),
        team: "nowhere".into(),
    };
    let refused = refusal(door.queue().watch_queue(nowhere).await);
    assert_eq!(refused, ("request.not_found", "team".into()));
    door.conversations.truth().strangers.push("mallory".into());
    let stranger = WatchAlertsRequest {
        workspace: "acme".into(),
        agent: "mallory".into(),
    };
    let refused = refusal(door.queue().watch_alerts(stranger).await);
    assert_eq!(refused, ("request.not_found", "agent".into()));
    door.running.stop().await;
    Ok(())
}
