//! Replicas, restarts and the table between them.

use crate::door::{SOON, World};
use events::common::PresenceCause::{ConnectionLost, GatewayLost, Left, Returned};
use events::common::PresenceState::{Offline, Online, Unknown};
use rpc::presence::Presence;
use sqlx::{Connection, PgConnection, Row};
use std::time::Duration;
use testkit::eventually;
use tonic_health::pb::health_check_response::ServingStatus::{NotServing, Serving};

type Tested = anyhow::Result<()>;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_new_owner_goes_on_where_the_last_one_stopped() -> Tested {
    let world = World::new().await?;
    let (first, gateway) = (world.owner().await?, world.gateway("g1").await?);
    for number in [1, 2, 3] {
        gateway.open(number, &format!("tab {number}")).await?;
        first.shows(number, Online, Returned).await?;
    }
    gateway.close(3, "tab 3").await?;
    first.heard_ending(3).await?;
    world.clock.advance(seconds(15));
    let left = first.shows(3, Offline, Left).await?;
    let before = first.get("acme", 1).await?;
    first.running.stop().await;
    gateway.close(2, "tab 2").await?;

    let second = world.open(2, &[]).await?;
    second.owns().await?;
    assert_eq!(second.get("acme", 2).await?.state(), Online, "as the table says");
    eventually("the tab", SOON, async || {
        gateway.lease().await.ok()?;
        second.get("acme", 1).await.ok().filter(|one| one.attentive)
    })
    .await?;
    world.clock.advance(seconds(20));
    second.shows(2, Unknown, GatewayLost).await?;
    let after = second.get("acme", 1).await?;
    assert_eq!(
        (after.epoch, after.version),
        (before.epoch, before.version),
        "nothing happened to the first"
    );
    let still = second.get("acme", 3).await?;
    let told = |presence: &Presence| (presence.state(), presence.cause(), presence.since, presence.version);
    assert_eq!(told(&still), told(&left), "nor to who had left");
    gateway.open(3, "tab 3 again").await?;
    let back = second.shows(3, Online, Returned).await?;
    assert_eq!((back.epoch, left.epoch), (2, 1));
    world
        .tells(3, &[(Online, Returned), (Offline, Left), (Online, Returned)])
        .await?;
    let order: Vec<_> = world.facts(3).iter().map(|fact| (fact.epoch, fact.version)).collect();
    assert!(order.is_sorted(), "{order:?}");
    world.tells(1, &[(Online, Returned)]).await?;
    second.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_second_replica_waits_for_its_turn() -> Tested {
    let world = World::new().await?;
    let (first, gateway) = (world.owner().await?, world.gateway("g1").await?);
    let second = world.open(2, &[]).await?;
    let refused = second.get("acme", 1).await.expect_err("not its turn");
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    let told = (
        first.health("").await?,
        second.health("").await?,
        second.health(runtime::LIVE).await?,
    );
    assert_eq!(told, (Serving, NotServing, Serving));
    gateway.open(1, "a").await?;
    first.shows(1, Online, Returned).await?;
    let mut watch = first.watch(&[1]).await?;
    assert!(watch.message().await?.is_some());
    first.running.stop().await;
    second.owns().await?;
    assert_eq!(second.health("").await?, Serving);
    second.shows(1, Online, Returned).await?;
    second.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_owner_whose_lease_was_taken_writes_nothing_more() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    gateway.open(1, "a").await?;
    world.tells(1, &[(Online, Returned)]).await?;
    let mut connection = PgConnection::connect(&world.database.admin_url()).await?;
    let take = "UPDATE lease SET holder = gen_random_uuid(), epoch = epoch + 1,
                expires_at = clock_timestamp() + interval '1 hour'";
    sqlx::query(take).execute(&mut connection).await?;
    gateway.lose(1, "a").await?;
    let refused = async || {
        door.get("acme", 1)
            .await
            .err()
            .filter(|status| status.code() == tonic::Code::Unavailable)
    };
    eventually("it to notice", SOON, refused).await?;
    assert_eq!(door.health("").await?, NotServing);
    let row = sqlx::query("SELECT state, epoch, (SELECT count(*) FROM outbox) AS facts FROM visitor_presence")
        .fetch_one(&mut connection)
        .await?;
    let row: (String, i64, i64) = (row.try_get("state")?, row.try_get("epoch")?, row.try_get("facts")?);
    assert_eq!(row, ("online".to_owned(), 1, 1));
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn transitions_wait_for_a_database_that_is_away() -> Tested {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    let mut connection = PgConnection::connect(&world.database.admin_url()).await?;
    sqlx::query("ALTER TABLE visitor_presence RENAME TO away")
        .execute(&mut connection)
        .await?;
    gateway.open(1, "a").await?;
    door.shows(1, Online, Returned).await?;
    gateway.lose(1, "a").await?;
    door.shows(1, Unknown, ConnectionLost).await?;
    assert!(world.facts(1).is_empty(), "no fact without its row");
    sqlx::query("ALTER TABLE away RENAME TO visitor_presence")
        .execute(&mut connection)
        .await?;
    world.tells(1, &[(Online, Returned), (Unknown, ConnectionLost)]).await?;
    door.running.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_successor_of_a_killed_owner_waits_for_its_lease_only() -> Tested {
    let world = World::new().await?;
    let mut connection = PgConnection::connect(&world.database.admin_url()).await?;
    // What a killed owner leaves behind, with the default lease just renewed.
    let killed = "INSERT INTO lease VALUES ('presence', gen_random_uuid(), 7, clock_timestamp() + interval '5 s')";
    sqlx::query(killed).execute(&mut connection).await?;
    let began = std::time::Instant::now();
    let door = world.open(1, &[]).await?;
    assert_eq!(door.health("").await?, NotServing);
    door.owns().await?;
    let waited = began.elapsed();
    assert!(waited > seconds(4) && waited < seconds(8), "{waited:?}");
    assert_eq!(door.health("").await?, Serving);
    world.gateway("g1").await?.open(1, "a").await?;
    assert_eq!(door.shows(1, Online, Returned).await?.epoch, 8);
    door.running.stop().await;
    Ok(())
}
