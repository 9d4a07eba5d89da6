//! Several replicas, one order: what comes from the stream about one reference is written in its order, whoever writes
//! it and whatever happens to the others.

use crate::Tested;
use crate::ingest::{document, message, publish};
use crate::world::{SOON, World};
use anyhow::Context;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use testkit::eventually;

const REFERENCES: u32 = 8;

/// Publishes `text <n>` for each of these numbers, in turn to each reference.
async fn tell(world: &World, numbers: std::ops::Range<u32>) -> Tested {
    for n in numbers {
        let event = message(
            &format!("e-{n}"),
            &format!("t-{}", n % REFERENCES),
            "agent",
            &format!("text {n}"),
        );
        publish(world, "acme", &event).await?;
    }
    Ok(())
}

/// The numbers of the texts, by conversation, in the order of their sequences.
async fn told(world: &World) -> anyhow::Result<Vec<Vec<u32>>> {
    let mut connection = PgConnection::connect(&world.database.admin_url()).await?;
    let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(
        "SELECT conversation_id, text FROM message WHERE text LIKE 'text %' ORDER BY conversation_id, seq",
    )
    .fetch_all(&mut connection)
    .await?;
    let mut conversations: std::collections::BTreeMap<_, Vec<u32>> = std::collections::BTreeMap::new();
    for (conversation, text) in rows {
        let number = text.strip_prefix("text ").context("a text of ours")?.parse()?;
        conversations.entry(conversation).or_default().push(number);
    }
    Ok(conversations.into_values().collect())
}

/// Waits until all of them are written, once and in order.
async fn in_order(world: &World, count: usize) -> Tested {
    let all = eventually(format!("{count} messages"), SOON, async || {
        let told = told(world).await.ok()?;
        (told.iter().map(Vec::len).sum::<usize>() >= count).then_some(told)
    })
    .await?;
    assert_eq!(all.iter().map(Vec::len).sum::<usize>(), count, "once each");
    for texts in &all {
        assert!(texts.is_sorted(), "{texts:?}");
    }
    Ok(())
}

async fn ready(world: &World) -> Tested {
    let first = message("e-first", "t-first", "agent", "hi");
    eventually("the ingest stream", SOON, async || {
        publish(world, "acme", &first).await.ok()
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn order_holds_while_replicas_come_and_go() -> Tested {
    let world = World::new().await?;
    ready(&world).await?;
    let second = world.replica(12, &[]).await?;
    tell(&world, 0..200).await?;
    // A third takes the place of the second, while the first goes on.
    let third = world.replica(13, &[]).await?;
    second.stop().await;
    tell(&world, 200..400).await?;
    in_order(&world, 400).await?;
    third.stop().await;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_replica_that_lost_its_turn_in_the_middle_writes_nothing_out_of_order() -> Tested {
    let world = World::new().await?;
    ready(&world).await?;
    let second = world.replica(12, &[]).await?;
    let mut connection = PgConnection::connect(&world.database.admin_url()).await?;
    for round in 0..5 {
        // As if the replica whose turn it is had been frozen for longer than its lease: it does not know yet.
        let publishing = tell(&world, round * 200..(round + 1) * 200);
        let taking = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            sqlx::query("UPDATE lease SET expires_at = '-infinity'")
                .execute(&mut connection)
                .await?;
            anyhow::Ok(())
        };
        tokio::try_join!(publishing, taking)?;
        in_order(&world, (round as usize + 1) * 200).await?;
    }
    let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM lease")
        .fetch_one(&mut connection)
        .await?;
    assert!(epoch > 1, "somebody took over");
    second.stop().await;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_a_replica_had_in_its_hands_comes_first_to_its_successor() -> Tested {
    let world = World::new().await?;
    ready(&world).await?;
    tell(&world, 0..50).await?;
    in_order(&world, 50).await?;
    // It holds the row of every conversation, so the service takes messages and can write none of them ...
    let mut connection = PgConnection::connect(&world.database.admin_url()).await?;
    let mut lock = connection.begin().await?;
    sqlx::query("SELECT 1 FROM conversation FOR UPDATE")
        .fetch_all(&mut *lock)
        .await?;
    tell(&world, 50..150).await?;
    let stream = async_nats::jetstream::new(world.bus.client().clone())
        .get_stream("HOMING_INGEST")
        .await?;
    let pulled = async || {
        use futures::TryStreamExt;
        let consumers: Vec<_> = stream.consumers().try_collect().await.ok()?;
        (consumers.len() == 1 && consumers[0].num_ack_pending > 0).then_some(())
    };
    eventually("messages are pulled", SOON, pulled).await?;
    // ... and dies with them: its lease is another's, its connections are cut.
    sqlx::query("UPDATE lease SET holder = gen_random_uuid(), epoch = epoch + 1, expires_at = clock_timestamp() + interval '1 s'")
        .execute(&mut PgConnection::connect(&world.database.admin_url()).await?)
        .await?;
    lock.rollback().await?;
    tell(&world, 150..200).await?;
    let second = world.replica(12, &[]).await?;
    in_order(&world, 200).await?;
    second.stop().await;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn conversations_that_need_no_contacts_go_on_while_contacts_service_is_away() -> Tested {
    let world = World::new().await?;
    ready(&world).await?;
    world.facts::<events::event::MessagePosted>(1).await?;
    world.running.shell().stop.cancel();
    let only = world
        .replica(12, &[("HOMING_CONVERSATION_INGEST_WRITERS", "1")])
        .await?;
    world.contacts.set_away(true);
    let needy = |id: &str, reference: &str| {
        let customer = json!({"phone": "600 700 123"});
        let data = json!({"channel": "web", "author": {"role": "customer"}, "text": "text 0", "customer": customer});
        document(id, reference, "message", data)
    };
    publish(&world, "acme", &needy("n-0", "needy")).await?;
    for n in 1..40 {
        publish(
            &world,
            "acme",
            &message(&format!("n-{n}"), "needy", "agent", &format!("text {n}")),
        )
        .await?;
        publish(
            &world,
            "acme",
            &message(&format!("f-{n}"), "free", "agent", &format!("text {}", 100 + n)),
        )
        .await?;
    }
    in_order(&world, 39).await?;
    assert!(
        told(&world).await?.concat().iter().all(|number| *number > 100),
        "the needy one waits, and all behind it"
    );
    world.contacts.set_away(false);
    in_order(&world, 79).await?;
    assert_eq!(told(&world).await?.len(), 2);
    only.stop().await;
    Ok(())
}
