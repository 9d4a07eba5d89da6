//! Events about what nobody knows yet.

use crate::Tested;
use crate::ingest::{document, message, publish};
use crate::world::{SOON, World};
use serde_json::json;
use testkit::eventually;

/// So long an event may wait here, in milliseconds.
const WAIT: (&str, &str) = ("HOMING_CONVERSATION_REFERENCE_WAIT_MS", "400");

#[tokio::test]
async fn an_event_about_what_stays_unknown_becomes_a_dead_letter_that_says_so() -> Tested {
    let world = World::with(&[WAIT]).await?;
    let resolve = document("e-1", "t-unknown", "conversation_resolved", json!({}));
    // The stream is there once the consumer is.
    eventually("the ingest stream", SOON, async || {
        publish(&world, "acme", &resolve).await.ok()
    })
    .await?;
    publish(&world, "acme", &message("e-2", "t-known", "customer", "Hello?")).await?;
    let read = document(
        "e-3",
        "t-known",
        "message_read",
        json!({"up_to_message_id": "m-unknown"}),
    );
    publish(&world, "acme", &read).await?;
    let mut letters = eventually("two dead letters", SOON, async || {
        let letters = bus::list_dead(&world.bus, None, 10).await.ok()?;
        (letters.len() == 2).then_some(letters)
    })
    .await?;
    letters.sort_by(|one, other| one.event_id.cmp(&other.event_id));
    for (letter, event, field) in [
        (&letters[0], "e-1", "subject"),
        (&letters[1], "e-3", "data.up_to_message_id"),
    ] {
        assert_eq!(
            (
                letter.event_id.as_str(),
                letter.code.as_str(),
                letter.workspace.as_str()
            ),
            (event, "ingest.reference_unknown", "acme")
        );
        assert!(
            letter.reason.contains(field) && letter.reason.contains("is not known"),
            "{}",
            letter.reason
        );
    }
    world.end().await;
    Ok(())
}
