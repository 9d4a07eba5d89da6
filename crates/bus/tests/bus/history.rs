//! The copy of the facts that recordings are exported from.

use super::*;
use async_nats::jetstream;
use events::{FACTS, HISTORY};

/// The server looks after a copied stream that went every ten seconds.
const LONG: Duration = Duration::from_secs(60);
const OFTEN: Duration = Duration::from_millis(50);

#[tokio::test]
async fn history_keeps_what_the_facts_stream_dropped_and_goes_on_with_a_new_one() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let clock = testkit::ManualClock::new();
    let bus = bus(&nats).await?.with_clock(Arc::new(clock.clone()));
    let stop = CancellationToken::new();
    let keeping = tokio::spawn(bus::keep_copy(bus.clone(), HISTORY, OFTEN, stop.clone()));
    let admin = jetstream::new(async_nats::connect(nats.url()).await?);
    let published = async |numbers: std::ops::Range<u64>| -> anyhow::Result<()> {
        for result in bus.publish(&numbers.map(fact).collect::<Vec<_>>()).await {
            result?;
        }
        Ok(())
    };
    let remembered = async |count: u64| {
        eventually("the copy has them", LONG, async || {
            let stream = admin.get_stream(HISTORY.name).await.ok()?;
            (stream.cached_info().state.messages == count).then_some(())
        })
        .await
    };
    published(1..21).await?;
    remembered(20).await?;
    admin.get_stream(FACTS.name).await?.purge().await?;
    published(21..31).await?;
    remembered(30).await?;

    for lost in 0..2 {
        admin.delete_stream(FACTS.name).await?;
        clock.advance(Duration::from_secs(1));
        bus.ensure_stream(&FACTS).await?;
        published(31 + 5 * lost..36 + 5 * lost).await?;
        remembered(35 + 5 * lost).await?;
    }
    let stream = admin.get_stream(HISTORY.name).await?;
    let last = stream
        .get_last_raw_message_by_subject(&events::workspace_facts(&WorkspaceId::parse("acme")?))
        .await?;
    assert_eq!(last.payload, fact(40).payload, "the newest one, as it was published");
    let config = &stream.cached_info().config;
    assert_eq!(
        (config.max_age, config.max_bytes),
        (HISTORY.max_age, StreamSizes::SMALL.history)
    );
    assert_eq!(config.discard, jetstream::stream::DiscardPolicy::Old);
    stop.cancel();
    keeping.await?;
    Ok(())
}
