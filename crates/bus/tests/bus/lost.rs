//! What the server never confirmed is not taken as done.

use crate::{SOON, bus, fact, spec};
use bus::{Handler, Proof, consume};
use events::{FACT_SUBJECTS, FACTS, Outgoing, Received};
use fault::Result;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use testkit::{TestNats, eventually};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Keeps what it is handed until it is let go, and counts.
struct Holding {
    taken: AtomicU32,
    leave: Semaphore,
}

impl Handler for Holding {
    async fn handle(&self, _: Received) -> Result<()> {
        self.taken.fetch_add(1, Ordering::SeqCst);
        self.leave.acquire().await.expect("it is never closed").forget();
        Ok(())
    }
}

#[tokio::test]
async fn a_message_whose_consumer_was_deleted_comes_again() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (bus, stop) = (bus(&nats).await?, CancellationToken::new());
    let handler = Arc::new(Holding {
        taken: AtomicU32::new(0),
        leave: Semaphore::new(0),
    });
    let running = tokio::spawn(consume(bus.clone(), spec("held"), handler.clone(), stop.clone()));
    let mut given = 0;
    for ack in bus.publish(&[fact(1)]).await {
        given = ack?;
    }
    let taken = async |times: u32| {
        eventually("it is handled", SOON, async || {
            (handler.taken.load(Ordering::SeqCst) == times).then_some(())
        })
        .await
    };
    taken(1).await?;
    let context = async_nats::jetstream::new(async_nats::connect(nats.url()).await?);
    let stream = context.get_stream(FACTS.name).await?;
    stream.delete_consumer("held").await?;
    handler.leave.add_permits(1);
    taken(2).await?;
    handler.leave.add_permits(1);
    eventually("the second acknowledgement counts", SOON, async || {
        let info = stream.consumer_info("held").await.ok()?;
        (info.num_ack_pending == 0 && info.ack_floor.stream_sequence == given).then_some(())
    })
    .await?;
    stop.cancel();
    running.await?;
    assert_eq!(handler.taken.load(Ordering::SeqCst), 2);
    Ok(())
}

#[tokio::test]
async fn what_was_published_while_the_server_was_killed_fails_or_is_there_and_is_there_once_when_repeated()
-> anyhow::Result<()> {
    const MANY: u64 = 5_000;
    /// Only the end of what was confirmed can be forgotten.
    const HELD_IN_A_ROW: usize = 100;
    let mut nats = TestNats::start().await?;
    let bus = bus(&nats).await?;
    let facts: Arc<Vec<Outgoing>> = Arc::new((1..=MANY).map(fact).collect());
    let mut passing = async_nats::connect(nats.url()).await?.subscribe(FACT_SUBJECTS).await?;
    let publishing = {
        let (bus, facts) = (bus.clone(), facts.clone());
        tokio::spawn(async move { bus.publish(&facts).await })
    };
    passing.next().await;
    nats.server().kill().await?;
    nats.server().restart().await?;
    let results = publishing.await?;
    assert_eq!(results.len(), facts.len());
    let failed = results.iter().filter(|result| result.is_err()).count();
    assert!(failed > 0, "the server was killed in the middle");

    // What was not confirmed is published again, and so is the end of what a killed server had confirmed, where it forgot it.
    let mut missing = Vec::new();
    let mut held = 0;
    for (fact, result) in facts.iter().zip(results).rev() {
        let kept = match result {
            Ok(_) if held >= HELD_IN_A_ROW => true,
            Ok(sequence) => {
                let proof = async || bus.proof(&FACTS, sequence).await.ok();
                eventually("the stream answers", SOON, proof).await? == Proof::Holds(fact.id.to_string())
            }
            Err(_) => false,
        };
        held = if kept { held + 1 } else { 0 };
        if !kept {
            missing.push(fact.clone());
        }
    }
    eventually("the rest is confirmed", Duration::from_secs(60), async || {
        let results = bus.publish(&missing).await;
        let mut results = results.into_iter();
        missing.retain(|_| results.next().is_none_or(|result| result.is_err()));
        missing.is_empty().then_some(())
    })
    .await?;
    let context = async_nats::jetstream::new(async_nats::connect(nats.url()).await?);
    let state = context.get_stream(FACTS.name).await?.get_info().await?.state;
    assert_eq!(state.messages, MANY, "each is there, once");
    Ok(())
}
