//! What was committed reaches the stream, soon, and once as far as the stream can tell.

use crate::{Tested, commit_facts, database, open};
use anyhow::Context;
use async_nats::jetstream::{self, stream::Stream};
use bus::{Bus, BusConfig, StreamSizes};
use sqlx::{Connection, PgConnection, Row};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use store::{Relay, Store};
use testkit::servers::{Nats, NatsOptions};
use testkit::{TestNats, eventually};
use tokio_util::sync::CancellationToken;

/// Longer than any test: who is not woken sleeps.
const NEVER: Duration = Duration::from_secs(3_600);
/// The stream is asked every 10 s whether it still has what it acknowledged.
const NOTICED_WITHIN: Duration = Duration::from_secs(45);

async fn bus_at(url: String) -> anyhow::Result<Bus> {
    let config = BusConfig {
        url,
        name: "test".into(),
    };
    Ok(Bus::connect(&config).await?.with_sizes(StreamSizes::SMALL))
}

async fn bus(nats: &TestNats) -> anyhow::Result<Bus> {
    bus_at(nats.url()).await
}

async fn facts(url: &str) -> anyhow::Result<Stream> {
    let client = async_nats::connect(url).await?;
    Ok(jetstream::new(client).get_stream(events::FACTS.name).await?)
}

async fn messages(url: &str) -> anyhow::Result<u64> {
    Ok(facts(url).await?.get_info().await?.state.messages)
}

async fn arrive_at(url: &str, expected: u64) -> Tested {
    eventually("every fact is in the stream", NOTICED_WITHIN, async || {
        (messages(url).await.ok()? == expected).then_some(())
    })
    .await?;
    Ok(())
}

async fn arrive(nats: &TestNats, expected: u64) -> Tested {
    arrive_at(&nats.url(), expected).await
}

/// So many transactions with one fact each.
async fn commit_each(store: &Store, count: usize) -> Tested {
    for _ in 0..count {
        commit_facts(store, "acme", 1).await?;
    }
    Ok(())
}

/// Every row bears the sequence of an acknowledgement; these, in order.
async fn marked(admin: &mut PgConnection, expected: i64) -> anyhow::Result<Vec<i64>> {
    let marks = eventually("every row is marked", NOTICED_WITHIN, async || {
        let rows = sqlx::query("SELECT stream_seq FROM outbox WHERE published_at IS NOT NULL ORDER BY stream_seq")
            .fetch_all(&mut *admin)
            .await
            .ok()?;
        let marks: Vec<i64> = rows.iter().filter_map(|row| row.try_get("stream_seq").ok()).collect();
        (marks.len() as i64 == expected).then_some(marks)
    });
    Ok(marks.await?)
}

fn start(store: &Store, bus: &Bus, poll: Duration) -> CancellationToken {
    let stop = CancellationToken::new();
    tokio::spawn(Relay::new(store.clone(), bus.clone()).polling(poll).run(stop.clone()));
    stop
}

#[tokio::test]
async fn the_relay_publishes_each_committed_fact_and_restores_a_wiped_stream() -> Tested {
    let (database, nats) = (database().await?, TestNats::start().await?);
    let store = open(&database, 8)?;
    let bus = bus(&nats).await?;
    let stop = CancellationToken::new();
    // Two relays share the work.
    for _ in 0..2 {
        tokio::spawn(Relay::new(store.clone(), bus.clone()).run(stop.clone()));
    }
    for _ in 0..20 {
        commit_facts(&store, "acme", 50).await?;
    }
    arrive(&nats, 1_000).await?;

    let client = async_nats::connect(nats.url()).await?;
    async_nats::jetstream::new(client)
        .delete_stream(events::FACTS.name)
        .await?;
    commit_facts(&store, "acme", 1).await?;
    arrive(&nats, 1_001).await?;
    stop.cancel();
    Ok(())
}

#[tokio::test]
async fn the_facts_of_a_row_are_published_in_their_order() -> Tested {
    let (database, nats) = (database().await?, TestNats::start().await?);
    let store = open(&database, 4)?;
    let bus = bus(&nats).await?;
    let stop = start(&store, &bus, NEVER);
    commit_facts(&store, "acme", 60).await?;
    arrive(&nats, 60).await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let facts = facts(&nats.url()).await?;
    let first = facts.cached_info().state.first_sequence;
    assert_eq!(places(&marked(&mut admin, 2).await?, first), [50, 60]);
    stop.cancel();

    let mut published = Vec::new();
    for sequence in first..first + 60 {
        let message = facts.get_raw_message(sequence).await?;
        let id = message
            .headers
            .get(async_nats::header::NATS_MESSAGE_ID)
            .context("an id")?;
        published.push(id.to_string());
    }
    let recorded = sqlx::query(
        "SELECT array_agg(i::text) AS ids FROM (SELECT unnest(ids) AS i FROM outbox ORDER BY stream_seq) o",
    )
    .fetch_one(&mut admin)
    .await?;
    assert_eq!(published, recorded.try_get::<Vec<String>, _>("ids")?);
    Ok(())
}

#[tokio::test]
async fn a_commit_wakes_the_relay_that_does_not_poll() -> Tested {
    let (database, nats) = (database().await?, TestNats::start().await?);
    let store = open(&database, 4)?;
    let stop = start(&store, &bus(&nats).await?, NEVER);
    // The first may be found at the start; by the others it is woken from its sleep.
    for expected in 1..=5 {
        commit_facts(&store, "acme", 1).await?;
        arrive(&nats, expected).await?;
    }
    stop.cancel();
    Ok(())
}

#[tokio::test]
async fn what_another_process_committed_is_found_by_the_poll() -> Tested {
    let (database, nats) = (database().await?, TestNats::start().await?);
    let (store, another) = (open(&database, 4)?, open(&database, 1)?);
    let stop = start(&store, &bus(&nats).await?, Duration::from_millis(20));
    for expected in 1..=3 {
        commit_facts(&another, "acme", 1).await?;
        arrive(&nats, expected).await?;
    }
    stop.cancel();
    Ok(())
}

#[tokio::test]
async fn facts_whose_acknowledgement_was_lost_are_published_again_and_kept_once() -> Tested {
    let (database, nats) = (database().await?, TestNats::start().await?);
    let store = open(&database, 4)?;
    let bus = bus(&nats).await?;
    let stop = start(&store, &bus, NEVER);
    commit_each(&store, 5).await?;
    arrive(&nats, 5).await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let acknowledged = marked(&mut admin, 5).await?;
    stop.cancel();

    // The stream has them, and nobody wrote that down.
    sqlx::query("UPDATE outbox SET published_at = NULL, stream_created = NULL, stream_seq = NULL, stream_id = NULL")
        .execute(&mut admin)
        .await?;
    let stop = start(&store, &bus, NEVER);
    assert_eq!(
        marked(&mut admin, 5).await?,
        acknowledged,
        "the same places in the stream"
    );
    assert_eq!(messages(&nats.url()).await?, 5);
    commit_facts(&store, "acme", 1).await?;
    arrive(&nats, 6).await?;
    stop.cancel();
    Ok(())
}

/// The how-manieth messages of their stream these are.
fn places(sequences: &[i64], first: u64) -> Vec<i64> {
    let before = i64::try_from(first).expect("it fits") - 1;
    sequences.iter().map(|sequence| sequence - before).collect()
}

/// A server that crashes may forget what it had acknowledged a moment before: here it comes back with an older store.
#[tokio::test]
async fn facts_that_a_crashed_server_forgot_are_published_again_and_no_others() -> Tested {
    let folder = tempfile::tempdir()?;
    let (live, older) = (folder.path().join("live"), folder.path().join("older"));
    std::fs::create_dir(&live)?;
    let options = NatsOptions {
        store: Some(live.clone()),
        log: Some(folder.path().join("nats.log")),
        ..Default::default()
    };
    let mut nats = Nats::start(options).await?;
    let url = nats.url();
    let database = database().await?;
    let store = open(&database, 4)?;
    let bus = bus_at(url.clone()).await?;
    let stop = start(&store, &bus, Duration::from_millis(50));
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    commit_each(&store, 5).await?;
    marked(&mut admin, 5).await?;
    nats.kill().await?;
    copy(&live, &older)?;
    nats.restart().await?;
    commit_facts(&store, "acme", 5).await?;
    marked(&mut admin, 6).await?;
    arrive_at(&url, 10).await?;

    nats.kill().await?;
    std::fs::remove_dir_all(&live)?;
    copy(&older, &live)?;
    nats.restart().await?;
    assert!(messages(&url).await? <= 10);
    arrive_at(&url, 10).await?;
    let marks = marked(&mut admin, 6).await?;
    let stream = facts(&url).await?;
    let first = stream.cached_info().state.first_sequence;
    assert_eq!(
        places(&marks, first),
        [1, 2, 3, 4, 5, 10],
        "each has a place of its own"
    );
    let mut ids = BTreeSet::new();
    for sequence in first..first + 10 {
        let message = stream.get_raw_message(sequence).await?;
        let id = message.headers.get(async_nats::header::NATS_MESSAGE_ID);
        ids.insert(id.context("an id")?.to_string());
    }
    assert_eq!(ids.len(), 10, "{ids:?}");
    stop.cancel();
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
