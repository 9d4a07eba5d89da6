//! The consumer stack against a real nats-server.

#[path = "bus/history.rs"]
mod history;
#[path = "bus/lost.rs"]
mod lost;

use bus::{
    BatchHandler, Bus, BusConfig, ConsumerSpec, Handler, StreamSizes, consume, consume_batches, list_dead,
    list_dead_before, replay_dead,
};
use domain::{EventId, Timestamp, WorkspaceId};
use events::event::{MessagePosted, MessageRead};
use events::{DEAD, Outgoing, Received, fact_filter};
use fault::{Fault, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{TestNats, eventually};
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(20);

fn fact(number: u64) -> Outgoing {
    let id = EventId::parse(&format!("018f4e3a-0000-7000-8000-{number:012}")).expect("an id");
    let workspace = WorkspaceId::parse("acme").expect("a slug");
    let at: Timestamp = "2026-01-05T12:00:00Z".parse().expect("a time");
    Outgoing::new(
        id,
        &workspace,
        "test",
        at,
        &MessagePosted {
            seq: number,
            ..Default::default()
        },
    )
}

async fn bus(nats: &TestNats) -> anyhow::Result<Bus> {
    let bus = Bus::connect(&BusConfig {
        url: nats.url(),
        name: "test".into(),
    })
    .await?
    .with_sizes(StreamSizes::SMALL);
    bus.ensure_stream(&events::FACTS).await?;
    bus.ensure_stream(&DEAD).await?;
    Ok(bus)
}

fn spec(durable: &'static str) -> ConsumerSpec {
    const QUICK: &[Duration] = &[Duration::from_millis(10), Duration::from_millis(10)];
    ConsumerSpec {
        retries: QUICK.into(),
        ..ConsumerSpec::facts(durable, vec![fact_filter::<MessagePosted>()])
    }
}

/// Counts tries per sequence and fails as told.
#[derive(Default)]
struct Scripted {
    tries: Mutex<HashMap<u64, u32>>,
}

impl Scripted {
    fn tries(&self, seq: u64) -> u32 {
        self.tries.lock().expect("not poisoned").get(&seq).copied().unwrap_or(0)
    }
}

impl Handler for Scripted {
    async fn handle(&self, message: Received) -> Result<()> {
        let seq = message.decode::<MessagePosted>()?.seq;
        let tries = {
            let mut all = self.tries.lock().expect("not poisoned");
            let tries = all.entry(seq).or_default();
            *tries += 1;
            *tries
        };
        match seq {
            1 => Ok(()),
            2 => Err(Fault::invalid("seq", "two is never right")),
            3 => Err(Fault::internal("always broken")),
            4 if tries < 3 => Err(Fault::unavailable("the database", "not there yet")),
            5 if tries == 1 => panic!("a bug"),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_message_is_acknowledged_repeated_or_buried_as_its_fault_says() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (bus, stop, handler) = (
        bus(&nats).await?,
        CancellationToken::new(),
        Arc::new(Scripted::default()),
    );
    let running = tokio::spawn(consume(bus.clone(), spec("scripted"), handler.clone(), stop.clone()));
    for ack in bus.publish(&(1..=5).map(fact).collect::<Vec<_>>()).await {
        ack?;
    }
    let letters = eventually("two dead letters", SOON, async || {
        list_dead(&bus, None, 100)
            .await
            .ok()
            .filter(|letters| letters.len() == 2)
    })
    .await?;
    let reason = |code: &str| {
        letters
            .iter()
            .find(|letter| letter.code == code)
            .map(|letter| letter.reason.clone())
    };
    assert_eq!(
        reason("request.invalid").as_deref(),
        Some("[request.invalid] seq: two is never right")
    );
    assert!(reason("service.internal").is_some());
    eventually("the panicking one is handled", SOON, async || {
        (handler.tries(5) == 2).then_some(())
    })
    .await?;
    eventually("the waiting one is handled", SOON, async || {
        (handler.tries(4) == 3).then_some(())
    })
    .await?;
    assert_eq!((handler.tries(1), handler.tries(2), handler.tries(3)), (1, 1, 3));

    // A replay comes back under its own id, and leaves the dead letters.
    let letter = letters
        .iter()
        .find(|letter| letter.code == "request.invalid")
        .expect("it is listed");
    assert_eq!(letter.event_id, fact(2).id.to_string());
    assert_eq!(letter.workspace, "acme");
    assert_eq!(replay_dead(&bus, letter.sequence).await?, letter.subject);
    eventually("the replay is handled", SOON, async || {
        (handler.tries(2) == 2).then_some(())
    })
    .await?;
    stop.cancel();
    running.await?;
    Ok(())
}

/// Collects what it is given; refuses the first batch as 'unavailable'.
#[derive(Default)]
struct Collector {
    seen: Mutex<Vec<u64>>,
    calls: AtomicU32,
}

impl BatchHandler for Collector {
    async fn handle(&self, batch: Vec<Received>) -> Vec<Result<()>> {
        if self.calls.fetch_add(1, Ordering::SeqCst) == 0 {
            return batch
                .iter()
                .map(|_| Err(Fault::unavailable("the database", "starting")))
                .collect();
        }
        let mut seen = self.seen.lock().expect("not poisoned");
        batch
            .iter()
            .map(|message| {
                seen.push(message.decode::<MessagePosted>()?.seq);
                Ok(())
            })
            .collect()
    }

    fn partition(&self, _: &Received) -> u64 {
        0
    }
}

#[tokio::test]
async fn batches_keep_the_order_of_a_partition_also_over_failures() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (bus, stop, handler) = (
        bus(&nats).await?,
        CancellationToken::new(),
        Arc::new(Collector::default()),
    );
    for ack in bus.publish(&(1..=1_000).map(fact).collect::<Vec<_>>()).await {
        ack?;
    }
    let spec = ConsumerSpec {
        workers: 4,
        ..spec("collector")
    };
    let running = tokio::spawn(consume_batches(bus.clone(), spec, handler.clone(), stop.clone()));
    let seen = eventually("all are seen", SOON, async || {
        let seen = handler.seen.lock().expect("not poisoned").clone();
        (seen.len() >= 1_000).then_some(seen)
    })
    .await?;
    assert_eq!(seen, (1..=1_000).collect::<Vec<_>>());
    stop.cancel();
    running.await?;
    Ok(())
}

/// What it needs is away until told otherwise; then it keeps what it is given, and how often that was delivered.
#[derive(Default)]
struct Waiting {
    back: AtomicBool,
    /// Tries of the first message.
    tries: AtomicU32,
    seen: Mutex<Vec<(u64, i64)>>,
}

impl BatchHandler for Waiting {
    async fn handle(&self, batch: Vec<Received>) -> Vec<Result<()>> {
        let one = |message: &Received| {
            let seq = message.decode::<MessagePosted>()?.seq;
            if seq == 1 {
                self.tries.fetch_add(1, Ordering::SeqCst);
            }
            if !self.back.load(Ordering::SeqCst) {
                return Err(Fault::unavailable("the database", "away"));
            }
            let mut seen = self.seen.lock().expect("not poisoned");
            seen.push((seq, message.delivered));
            Ok(())
        };
        batch.iter().map(one).collect()
    }

    fn partition(&self, message: &Received) -> u64 {
        message.decode::<MessagePosted>().map_or(0, |posted| posted.seq)
    }
}

/// Waits until the first message was tried so often, with pauses of 1, 2 and 4 s between: for longer than the server
/// waits for a sign of life. Nothing has come again.
async fn waits_long(bus: &Bus, handler: &Waiting, tries: u32) -> anyhow::Result<async_nats::jetstream::consumer::Info> {
    eventually("some tries", SOON, async || {
        (handler.tries.load(Ordering::SeqCst) >= tries).then_some(())
    })
    .await?;
    let context = async_nats::jetstream::new(bus.client().clone());
    let stream = context.get_stream(events::FACTS.name).await?;
    let consumer = stream.consumer_info("waiting").await?;
    assert_eq!(consumer.num_redelivered, 0);
    Ok(consumer)
}

/// Waits until all are handled, each delivered once.
async fn all_seen_once(handler: &Waiting, count: u64) -> anyhow::Result<()> {
    let mut seen = eventually("all are seen", SOON, async || {
        let seen = handler.seen.lock().expect("not poisoned").clone();
        (seen.len() as u64 >= count).then_some(seen)
    })
    .await?;
    seen.sort_unstable();
    assert_eq!(seen, (1..=count).map(|seq| (seq, 1)).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn what_a_full_writer_was_sent_waits_without_being_delivered_again() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (bus, stop, handler) = (
        bus(&nats).await?,
        CancellationToken::new(),
        Arc::new(Waiting::default()),
    );
    for ack in bus.publish(&(1..=200).map(fact).collect::<Vec<_>>()).await {
        ack?;
    }
    let spec = ConsumerSpec {
        workers: 1,
        batch: 16,
        parked: 4,
        ack_wait: Duration::from_secs(2),
        ..spec("waiting")
    };
    let running = tokio::spawn(consume_batches(
        bus.clone(),
        spec.clone(),
        handler.clone(),
        stop.clone(),
    ));
    let consumer = waits_long(&bus, &handler, 3).await?;
    let most = spec.parked + 2 * spec.batch;
    assert!(
        consumer.num_ack_pending <= most,
        "{} are held",
        consumer.num_ack_pending
    );
    handler.back.store(true, Ordering::SeqCst);
    all_seen_once(&handler, 200).await?;
    stop.cancel();
    running.await?;
    Ok(())
}

impl Handler for Waiting {
    async fn handle(&self, message: Received) -> Result<()> {
        let results = BatchHandler::handle(self, vec![message]).await;
        results.into_iter().next().expect("one for one")
    }
}

#[tokio::test]
async fn what_waits_for_a_slot_is_not_delivered_again() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (bus, stop, handler) = (
        bus(&nats).await?,
        CancellationToken::new(),
        Arc::new(Waiting::default()),
    );
    for ack in bus.publish(&(1..=50).map(fact).collect::<Vec<_>>()).await {
        ack?;
    }
    let spec = ConsumerSpec {
        workers: 2,
        // Longer than the pauses between tries.
        ack_wait: Duration::from_secs(6),
        ..spec("waiting")
    };
    let running = tokio::spawn(consume(bus.clone(), spec, handler.clone(), stop.clone()));
    waits_long(&bus, &handler, 4).await?;
    handler.back.store(true, Ordering::SeqCst);
    all_seen_once(&handler, 50).await?;
    stop.cancel();
    running.await?;
    Ok(())
}

#[tokio::test]
async fn a_consumer_survives_a_killed_server_and_a_deleted_consumer() -> anyhow::Result<()> {
    let mut nats = TestNats::start().await?;
    let (bus, stop, handler) = (
        bus(&nats).await?,
        CancellationToken::new(),
        Arc::new(Scripted::default()),
    );
    let running = tokio::spawn(consume(bus.clone(), spec("survivor"), handler.clone(), stop.clone()));
    let handled = async |seq: u64| {
        eventually("it is handled", Duration::from_secs(40), async || {
            // The server may be away: publishing repeats, the id makes that harmless.
            if handler.tries(seq) == 0 {
                bus.publish(&[fact(seq)]).await;
            }
            (handler.tries(seq) > 0).then_some(())
        })
        .await
    };
    handled(1).await?;
    nats.server().kill().await?;
    nats.server().restart().await?;
    handled(6).await?;
    let client = async_nats::connect(nats.url()).await?;
    let stream = async_nats::jetstream::new(client)
        .get_stream(events::FACTS.name)
        .await?;
    stream.delete_consumer("survivor").await?;
    handled(7).await?;
    stop.cancel();
    running.await?;
    Ok(())
}

/// Refuses everything.
struct Refusing;

impl Handler for Refusing {
    async fn handle(&self, _: Received) -> Result<()> {
        Err(Fault::invalid("seq", "is never right"))
    }
}

#[tokio::test]
async fn the_newest_dead_letters_are_listed_and_older_ones_page_by_page() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (bus, stop) = (bus(&nats).await?, CancellationToken::new());
    let one_by_one = ConsumerSpec {
        workers: 1,
        ..spec("refusing")
    };
    let running = tokio::spawn(consume(bus.clone(), one_by_one, Arc::new(Refusing), stop.clone()));
    for ack in bus.publish(&(1..=30).map(fact).collect::<Vec<_>>()).await {
        ack?;
    }
    let operator = Bus::connect(&BusConfig {
        url: nats.url_of("operator"),
        name: "test".into(),
    })
    .await?;
    let acme = WorkspaceId::parse("acme").expect("a slug");
    for workspace in [None, Some(&acme)] {
        let all = eventually("all are listed", SOON, async || {
            let all = list_dead(&operator, workspace, 100).await.ok()?;
            (all.len() == 30).then_some(all)
        })
        .await?;
        assert!(all.is_sorted_by_key(|letter| letter.sequence));
        let newest = list_dead(&operator, workspace, 4).await?;
        assert_eq!(newest, all[26..]);
        let older = list_dead_before(&operator, workspace, newest[0].sequence, 4).await?;
        assert_eq!(older, all[22..26]);
        assert_eq!(
            list_dead_before(&operator, workspace, all[2].sequence, 4).await?,
            all[..2]
        );
        assert!(
            list_dead_before(&operator, workspace, all[0].sequence, 4)
                .await?
                .is_empty()
        );
    }
    let other = WorkspaceId::parse("other").expect("a slug");
    assert!(list_dead(&operator, Some(&other), 4).await?.is_empty());
    stop.cancel();
    running.await?;
    Ok(())
}

#[tokio::test]
async fn what_the_server_gave_up_is_listed() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let bus = bus(&nats).await?;
    let mut given = 0;
    for ack in bus.publish(&[fact(1)]).await {
        given = ack?;
    }
    let config = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some("silent".into()),
        ack_wait: Duration::from_millis(100),
        max_deliver: 1,
        ..Default::default()
    };
    let context = async_nats::jetstream::new(async_nats::connect(nats.url()).await?);
    let stream = context.get_stream(events::FACTS.name).await?;
    let silent = stream.create_consumer(config).await?;
    let given_up = eventually("it is given up", SOON, async || {
        let _unanswered = silent.fetch().max_messages(1).messages().await.ok()?;
        list_dead(&bus, None, 10).await.ok()?.pop()
    })
    .await?;
    assert_eq!(given_up.consumer, "silent");
    assert_eq!(
        given_up.reason,
        format!("the server gave up message {given} of HOMING_FACTS after 1 deliveries without an answer")
    );
    let refused = replay_dead(&bus, given_up.sequence)
        .await
        .expect_err("it is no message");
    assert!(refused.to_string().contains("advisory"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn facts_of_another_kind_do_not_reach_a_filtered_consumer() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (bus, stop, handler) = (
        bus(&nats).await?,
        CancellationToken::new(),
        Arc::new(Scripted::default()),
    );
    let read = Outgoing::new(
        fact(9).id,
        &fact(9).workspace,
        "test",
        fact(9).at,
        &MessageRead::default(),
    );
    for ack in bus.publish(&[read, fact(6)]).await {
        ack?;
    }
    let running = tokio::spawn(consume(bus.clone(), spec("filtered"), handler.clone(), stop.clone()));
    eventually("the posted one is handled", SOON, async || {
        (handler.tries(6) == 1).then_some(())
    })
    .await?;
    assert_eq!(handler.tries.lock().expect("not poisoned").len(), 1);
    stop.cancel();
    running.await?;
    Ok(())
}
