//! One owner, asked and told as gateways, notifier and console do.

use crate::door::{SOON, World, visitor};
use events::common::PresenceCause::{
    ConnectionLost, GatewayLost, Hidden, Idle, Left, Returned, Unspecified as NoCause,
};
use events::common::PresenceState::{Offline, Online, Unknown};
use events::event::TabSignal;
use rpc::presence::{BatchGetPresenceRequest, GetPresenceRequest, Presence};
use std::time::Duration;

type Tested = anyhow::Result<()>;

const DAY: u64 = 24 * 3600;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn quiet(idle: u64) -> impl FnOnce(&mut TabSignal) {
    move |signal| {
        signal.quiet = true;
        signal.idle_ms = idle * 1000;
    }
}

#[tokio::test]
async fn a_visitor_who_closes_the_page_has_left_fifteen_seconds_later() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway.open(1, "a").await?;
    let online = door.shows(1, Online, Returned).await?;
    assert!(online.attentive && online.last_input_at.is_some());
    gateway.close(1, "a").await?;
    door.heard_ending(1).await?;
    world.clock.advance(Duration::from_millis(14_999));
    assert_eq!(door.get("acme", 1).await?.state(), Online);
    world.clock.advance(Duration::from_millis(1));
    let left = door.shows(1, Offline, Left).await?;
    assert!((left.epoch, left.version) > (online.epoch, online.version));
    world.tells(1, &[(Online, Returned), (Offline, Left)]).await?;
    let told = world.facts(1);
    assert_eq!(
        told.last().map(|fact| (fact.since, fact.epoch, fact.version)),
        Some((left.since, left.epoch, left.version))
    );
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn who_has_been_gone_for_too_long_is_forgotten() -> Tested {
    let world = World::new().await?;
    // The gateway outlives the test: it would be silent for days at once, and its visitors lost.
    let lease = (500 * DAY * 1000).to_string();
    let door = world
        .open(1, &[("HOMING_PRESENCE_GATEWAY_LEASE_MS", lease.as_str())])
        .await?;
    door.owns().await?;
    let gateway = world.gateway("g1").await?;
    for number in [1, 2] {
        gateway.open(number, "a").await?;
        door.shows(number, Online, Returned).await?;
    }
    gateway.close(1, "a").await?;
    door.heard_ending(1).await?;
    world.clock.advance(seconds(15));
    // Told means written: rows and facts are committed together.
    world.tells(1, &[(Online, Returned), (Offline, Left)]).await?;
    world.clock.advance(seconds(399 * DAY));
    gateway.open(3, "b").await?;
    door.shows(3, Online, Returned).await?;
    assert_eq!(door.get("acme", 1).await?.cause(), Left, "not for long enough");
    world.clock.advance(seconds(2 * DAY));
    door.shows(1, Offline, NoCause).await?;
    door.shows(2, Online, Returned).await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn no_input_is_idle_and_hidden_tabs_are_hidden() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway.say("acme", 1, "a", quiet(30)).await?;
    gateway
        .say("acme", 2, "b", |signal| signal.hidden_ms = Some(20_000))
        .await?;
    gateway.open(3, "c").await?;
    for number in [1, 2, 3] {
        door.shows(number, Online, Returned).await?;
    }
    world.clock.advance(seconds(240));
    door.shows(1, Offline, Idle).await?;
    assert_eq!(door.get("acme", 2).await?.state(), Online);
    world.clock.advance(seconds(10));
    door.shows(2, Offline, Hidden).await?;
    world.clock.advance(seconds(1000));
    assert!(door.get("acme", 3).await?.attentive, "input goes on");
    gateway.open(1, "a").await?;
    door.shows(1, Online, Returned).await?;
    world
        .tells(1, &[(Online, Returned), (Offline, Idle), (Online, Returned)])
        .await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_lost_connection_is_unknown_for_ninety_seconds() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway.open(1, "a").await?;
    gateway.lose(1, "a").await?;
    door.shows(1, Unknown, ConnectionLost).await?;
    world.clock.advance(seconds(90));
    door.shows(1, Offline, ConnectionLost).await?;
    world
        .tells(
            1,
            &[(Online, Returned), (Unknown, ConnectionLost), (Offline, ConnectionLost)],
        )
        .await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_silent_gateway_leaves_its_visitors_unknown() -> Tested {
    let world = World::new().await?;
    let door = world.open(1, &[("HOMING_PRESENCE_GATEWAY_LEASE_MS", "15000")]).await?;
    door.owns().await?;
    let gateway = world.gateway("g1").await?;
    gateway.open(1, "a").await?;
    door.shows(1, Online, Returned).await?;
    world.clock.advance(seconds(15));
    door.shows(1, Unknown, GatewayLost).await?;
    world.clock.advance(seconds(3600));
    gateway.lease().await?;
    door.shows(1, Online, Returned).await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn visitors_of_a_gateway_that_left_are_away_five_minutes_after_another_accepts() -> Tested {
    let world = World::new().await?;
    let (door, first) = (world.owner().await?, world.gateway("g1").await?);
    first.open(1, "a").await?;
    first.open(2, "b").await?;
    for number in [1, 2] {
        door.shows(number, Online, Returned).await?;
    }
    first.leave().await?;
    door.shows(1, Unknown, GatewayLost).await?;
    world.clock.advance(seconds(3600));
    let second = world.gateway("g2").await?;
    second.lease().await?;
    second.open(2, "b again").await?;
    door.shows(2, Online, Returned).await?;
    world.clock.advance(seconds(299));
    assert_eq!(door.get("acme", 1).await?.state(), Unknown);
    world.clock.advance(seconds(1));
    door.shows(1, Offline, GatewayLost).await?;
    assert_eq!(door.get("acme", 2).await?.state(), Online);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_lost_signal_is_made_good_by_a_snapshot() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway.open(1, "a").await?;
    door.shows(1, Online, Returned).await?;
    assert_eq!(gateway.snapshots(), 0);
    let _lost_on_the_way = gateway.number("acme", 1, "a", |signal| signal.set_end(events::event::TabEnd::Closed))?;
    gateway.lease().await?;
    door.shows(1, Unknown, ConnectionLost).await?;
    assert_eq!(gateway.snapshots(), 1);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn many_sockets_lost_at_once_are_told_with_every_answer() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    for number in 1..=150 {
        gateway.open(number, "a").await?;
    }
    door.shows(150, Online, Returned).await?;
    assert!(!door.get("acme", 150).await?.mass_loss);
    gateway.leave().await?;
    door.shows(150, Unknown, GatewayLost).await?;
    assert!(door.get("acme", 9999).await?.mass_loss);
    world.clock.advance(seconds(120));
    assert!(!door.get("acme", 9999).await?.mass_loss);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_watch_tells_the_present_state_and_then_each_change() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway.open(1, "a").await?;
    door.shows(1, Online, Returned).await?;
    let mut watch = door.watch(&[1, 2]).await?;
    let mut seen = Vec::new();
    for step in 0..6 {
        match step {
            2 => gateway.open(2, "b").await?,
            3 => {
                gateway.close(2, "b").await?;
                door.heard_ending(2).await?;
                world.clock.advance(seconds(15));
            }
            4 => gateway.lose(1, "a").await?,
            5 => gateway.open(3, "not watched").await?,
            _ => {}
        }
        if step == 5 {
            door.shows(3, Online, Returned).await?;
            gateway.open(1, "a again").await?;
        }
        let next = tokio::time::timeout(SOON, watch.message()).await??.expect("goes on");
        let presence = next.presence.expect("present");
        seen.push((presence.visitor.clone(), presence.state(), presence.cause()));
    }
    let expected = [
        (visitor(1), Online, Returned),
        (visitor(2), Offline, NoCause),
        (visitor(2), Online, Returned),
        (visitor(2), Offline, Left),
        (visitor(1), Unknown, ConnectionLost),
        (visitor(1), Online, Returned),
    ];
    assert_eq!(seen, expected);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn workspaces_do_not_see_each_other() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway.open(1, "a").await?;
    door.shows(1, Online, Returned).await?;
    let stranger = door.get("other", 1).await?;
    let never_seen = door.get("other", 77).await?;
    assert_eq!(
        (stranger.state(), stranger.cause(), stranger.since),
        (Offline, NoCause, None)
    );
    assert_eq!(
        (never_seen.state(), never_seen.cause(), never_seen.since),
        (Offline, NoCause, None)
    );
    gateway
        .say("other", 1, "b", |signal| signal.set_end(events::event::TabEnd::Lost))
        .await?;
    door.shows_in("other", 1, Unknown, ConnectionLost).await?;
    assert_eq!(door.get("acme", 1).await?.state(), Online);
    gateway.close(1, "a").await?;
    door.heard_ending(1).await?;
    world.clock.advance(seconds(90));
    door.shows(1, Offline, Left).await?;
    door.shows_in("other", 1, Offline, ConnectionLost).await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_batch_tells_of_each_visitor_in_the_order_asked() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway.open(1, "a").await?;
    gateway.open(2, "b").await?;
    gateway.say("other", 4, "c", |_| {}).await?;
    door.shows(1, Online, Returned).await?;
    door.shows_in("other", 4, Online, Returned).await?;
    gateway.close(2, "b").await?;
    door.heard_ending(2).await?;
    world.clock.advance(seconds(15));
    let left = door.shows(2, Offline, Left).await?;
    let asked = [3, 2, 1, 4, 2];
    let request = BatchGetPresenceRequest {
        workspace: "acme".into(),
        visitors: asked.map(visitor).into(),
    };
    let answer = door.client.clone().batch_get_presence(request).await?.into_inner();
    let told: Vec<_> = answer
        .presences
        .iter()
        .map(|one| (one.visitor.clone(), one.state(), one.cause()))
        .collect();
    let expected = [
        (3, Offline, NoCause),
        (2, Offline, Left),
        (1, Online, Returned),
        (4, Offline, NoCause),
        (2, Offline, Left),
    ];
    assert_eq!(told, expected.map(|(who, state, cause)| (visitor(who), state, cause)));
    // The newest input is known only until the transition is in the table, which can be between the two answers.
    let but_input = |presence: &Presence| Presence {
        last_input_at: None,
        ..presence.clone()
    };
    let batched = but_input(&answer.presences[1]);
    assert_eq!(batched, but_input(&left), "the same as asked alone");
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_bad_request_is_refused_by_field() -> Tested {
    let world = World::new().await?;
    let door = world.owner().await?;
    let mut client = door.client.clone();
    let get = |workspace: &str, visitor: &str| GetPresenceRequest {
        workspace: workspace.into(),
        visitor: visitor.into(),
    };
    let batch = |count: usize| BatchGetPresenceRequest {
        workspace: "acme".into(),
        visitors: vec![visitor(1); count],
    };
    let refusals = [
        ("workspace", client.get_presence(get("a.b", &visitor(1))).await.err()),
        ("visitor", client.get_presence(get("acme", "somebody")).await.err()),
        ("visitors", client.batch_get_presence(batch(0)).await.err()),
        ("visitors", client.batch_get_presence(batch(501)).await.err()),
    ];
    for (field, refusal) in refusals {
        let fault = rpc::from_status(&refusal.expect("refused"));
        assert_eq!(
            (fault.kind(), fault.field()),
            (fault::Kind::InvalidArgument, Some(field))
        );
    }
    let answer = client.batch_get_presence(batch(500)).await?.into_inner();
    assert_eq!(answer.presences.len(), 500);
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_signal_that_cannot_be_read_is_left_out() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway
        .say("acme", 1, "a", |signal| signal.workspace = "Not A Slug".into())
        .await?;
    gateway
        .say("acme", 1, "b", |signal| signal.gateway = "g1.>".into())
        .await?;
    gateway.open(1, "c").await?;
    door.shows(1, Online, Returned).await?;
    door.running.stop().await;
    Ok(())
}
