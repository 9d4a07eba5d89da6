use crate::Tested;
use crate::contacts::id_of;
use crate::world::{AGENT, SOON, World, ingest_subject};
use anyhow::Context;
use async_nats::jetstream;
use events::common::ChannelKind;
use events::event::{
    ConversationResolved, ConversationStarted, IngestAuthor, IngestMessage, MessagePosted, MessageRead,
};
use events::headers;
use prost::Message;
use rpc::conversation as proto;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use testkit::eventually;

pub fn document(id: &str, reference: &str, kind: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "helpdesk", "type": format!("homing.{kind}.v1"),
        "subject": reference, "time": "2026-01-31T12:00:00Z", "data": data
    })
}

pub fn message(id: &str, reference: &str, role: &str, text: &str) -> Value {
    document(
        id,
        reference,
        "message",
        json!({"channel": "web", "author": {"role": role}, "text": text, "message_id": id}),
    )
}

/// Publishes as the integration `helpdesk` of a workspace would.
pub async fn publish(world: &World, workspace: &str, document: &Value) -> Tested {
    let kind = document["type"].as_str().context("a type")?;
    let token = kind.trim_start_matches("homing.").trim_end_matches(".v1");
    publish_as(world, workspace, token, document).await
}

/// Publishes a document where those of another kind go.
async fn publish_as(world: &World, workspace: &str, token: &str, document: &Value) -> Tested {
    let subject = ingest_subject(workspace, "helpdesk", token)?;
    let context = jetstream::new(world.bus.client().clone());
    context.publish(subject, document.to_string().into()).await?.await?;
    Ok(())
}

pub async fn ingest(world: &World, documents: &[Value]) -> anyhow::Result<Vec<proto::IngestOutcome>> {
    let request = proto::IngestEventsRequest {
        workspace: "acme".into(),
        integration: "helpdesk".into(),
        events: documents
            .iter()
            .map(|document| document.to_string().into_bytes())
            .collect(),
    };
    Ok(world
        .conversations
        .clone()
        .ingest_events(request)
        .await?
        .into_inner()
        .outcomes)
}

pub fn verdicts(outcomes: &[proto::IngestOutcome]) -> Vec<(bool, &str, &str)> {
    outcomes
        .iter()
        .map(|one| (one.accepted, one.code.as_str(), one.field.as_str()))
        .collect()
}

#[tokio::test]
async fn what_is_published_on_nats_becomes_messages_in_their_order() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    // The stream is there once the consumer is.
    eventually("the ingest stream", SOON, async || {
        publish(&world, "acme", &message("e-0", "t-0", "bot", "hi")).await.ok()
    })
    .await?;
    for n in 0..40 {
        for workspace in ["acme", "bolt"] {
            let role = if n % 4 == 0 { "customer" } else { "agent" };
            let event = message(
                &format!("e-{n}-{}", n % 3),
                &format!("t-{}", n % 3),
                role,
                &format!("text {n}"),
            );
            publish(&world, workspace, &event).await?;
        }
    }
    // Repeated, as an at-least-once publisher does.
    for n in 0..6 {
        let role = if n % 4 == 0 { "customer" } else { "agent" };
        let event = message(
            &format!("e-{n}-{}", n % 3),
            &format!("t-{}", n % 3),
            role,
            &format!("text {n}"),
        );
        publish(&world, "acme", &event).await?;
    }
    let posted = world.facts::<MessagePosted>(81).await?;
    let started = world.facts::<ConversationStarted>(6).await?;
    let numbers: HashMap<u64, usize> = started.iter().fold(HashMap::new(), |mut all, one| {
        *all.entry(one.number).or_default() += 1;
        all
    });
    assert_eq!(numbers, HashMap::from([(1, 2), (2, 2), (3, 2)]));
    let mut last: HashMap<&str, u64> = HashMap::new();
    for one in &posted {
        last.entry(&one.conversation)
            .and_modify(|seq| *seq = (*seq).max(one.seq))
            .or_insert(one.seq);
    }
    assert_eq!(last.values().sum::<u64>(), 81, "sequences have no gaps");
    let of_acme: Vec<_> = {
        let list = proto::ListConversationsRequest {
            workspace: "acme".into(),
            ..Default::default()
        };
        world
            .conversations
            .clone()
            .list_conversations(list)
            .await?
            .into_inner()
            .conversations
    };
    assert_eq!(of_acme.len(), 3);
    for conversation in &of_acme {
        let texts: Vec<u32> = world
            .messages(&conversation.conversation)
            .await?
            .iter()
            .filter_map(|message| message.text.strip_prefix("text ")?.parse().ok())
            .collect();
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(conversation.visitor, "", "nobody's presence is known");
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn each_item_is_answered_and_one_bad_event_does_not_spoil_the_rest() -> Tested {
    let world = World::new().await?;
    let mut other_text = message("e-1", "t-1", "customer", "Another text");
    other_text["time"] = json!("2026-01-31T12:00:00Z");
    let outcomes = ingest(
        &world,
        &[
            message("e-1", "t-1", "customer", "Where is it?"),
            message("e-2", "t-1", "system", "I am not allowed."),
            document(
                "e-3",
                "t-9",
                "message",
                json!({"author": {"role": "agent"}, "text": "To whom?"}),
            ),
            document(
                "e-4",
                "t-9",
                "message",
                json!({"channel": "gone", "author": {"role": "agent"}, "text": "Hm."}),
            ),
            message("e-5", "t-1", "agent", "On its way."),
            message("e-1", "t-1", "customer", "Where is it?"),
            other_text,
            message("e-6", "t-1", "agent", "a\u{0}b"),
            document("e-7", "t-1", "message_read", json!({})),
            document("e-8", "t-1", "message_read", json!({"up_to_sequence": 9})),
            document("e-9", "t-1", "message_read", json!({"up_to_message_id": "e-5"})),
            json!({"specversion": "1.0"}),
            document("e-10", "t-1", "conversation_resolved", json!({})),
        ],
    )
    .await?;
    assert_eq!(
        verdicts(&outcomes),
        [
            (true, "", ""),
            (false, "request.invalid", "data.author.role"),
            (false, "ingest.reference_unknown", "subject"),
            (false, "request.invalid", "data.channel"),
            (true, "", ""),
            (true, "", ""),
            (false, "ingest.replay_differs", "id"),
            (false, "request.invalid", "data.text"),
            (false, "request.invalid", "data"),
            (false, "request.invalid", "data.up_to_sequence"),
            (true, "", ""),
            (false, "ingest.malformed", "id"),
            (true, "", ""),
        ]
    );
    assert!(outcomes[2].retry && !outcomes[3].retry);
    assert_eq!(world.facts::<MessagePosted>(2).await?.len(), 2);
    assert_eq!(world.facts::<MessageRead>(1).await?[0].up_to, 2);
    let resolved = world.facts::<ConversationResolved>(1).await?;

    let go_on = ingest(&world, &[message("e-11", "t-1", "customer", "It came broken.")]).await?;
    assert!(go_on[0].accepted, "{go_on:?}");
    let started = world.facts::<ConversationStarted>(2).await?;
    let next = started
        .iter()
        .find(|one| one.conversation != resolved[0].conversation)
        .context("another one")?;
    assert_eq!(world.get(&next.conversation).await?.continues, resolved[0].conversation);
    assert_eq!(next.continues, resolved[0].conversation);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn only_accepted_events_use_up_their_id() -> Tested {
    let world = World::new().await?;
    let lost = document(
        "e-1",
        "t-1",
        "message",
        json!({"author": {"role": "agent"}, "text": "To whom?"}),
    );
    let found = message("e-1", "t-1", "agent", "To you.");
    let outcomes = ingest(&world, &[lost.clone(), found.clone(), lost.clone(), found.clone()]).await?;
    let differs = (false, "ingest.replay_differs", "id");
    assert_eq!(
        verdicts(&outcomes),
        [
            (false, "ingest.reference_unknown", "subject"),
            (true, "", ""),
            differs,
            (true, "", "")
        ]
    );
    let again = ingest(&world, &[lost, found, message("e-2", "t-1", "agent", "And to you.")]).await?;
    assert_eq!(verdicts(&again), [differs, (true, "", ""), (true, "", "")]);
    assert_eq!(world.facts::<MessagePosted>(2).await?.len(), 2);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn our_own_conversation_id_is_a_reference_too() -> Tested {
    let world = World::new().await?;
    let id = world.start("r-1").await?.conversation;
    let answer = document(
        "e-1",
        &id,
        "message",
        json!({"author": {"role": "agent", "agent": "anna"}, "text": "Hello"}),
    );
    assert_eq!(
        verdicts(&ingest(&world, std::slice::from_ref(&answer)).await?),
        [(true, "", "")]
    );
    let messages = world.messages(&id).await?;
    assert_eq!((messages.len(), messages[1].agent.as_str()), (2, "anna"));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn customers_of_other_systems_are_captured_once() -> Tested {
    let world = World::new().await?;
    let with = |id: &str, customer: Value| {
        document(
            id,
            "t-1",
            "message",
            json!({"channel": "web", "author": {"role": "customer"}, "text": "Hi", "customer": customer}),
        )
    };
    let known = json!({"external_id": "c-9", "name": "Ann", "phone": "600 700 123"});
    let outcomes = ingest(
        &world,
        &[
            with("e-1", known.clone()),
            with("e-2", known.clone()),
            with("e-3", json!({"phone": "1"})),
            with("e-4", json!({"phone": "+48000000000", "email": "b@example.com"})),
        ],
    )
    .await?;
    assert_eq!(
        verdicts(&outcomes),
        [
            (true, "", ""),
            (true, "", ""),
            (false, "request.invalid", "data.customer.phone"),
            (false, "request.invalid", "data.customer.phone")
        ]
    );
    ingest(&world, &[with("e-5", known)]).await?;
    let started = world.facts::<ConversationStarted>(1).await?;
    assert_eq!(started[0].phone_address, id_of("600 700 123"));
    let asked = world.contacts.asked();
    assert_eq!(
        asked.iter().filter(|one| one.phone == "600 700 123").count(),
        1,
        "the rest told nothing new"
    );

    world.contacts.set_away(true);
    let waiting = ingest(
        &world,
        &[
            with("e-6", json!({"email": "ann@example.com"})),
            with("e-7", json!({})),
            message("e-8", "t-2", "agent", "Not concerned"),
        ],
    )
    .await?;
    assert_eq!(
        verdicts(&waiting),
        [
            (false, "service.unavailable", ""),
            (false, "service.unavailable", ""),
            (true, "", "")
        ]
    );
    assert!(waiting[0].retry && waiting[1].retry);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_a_page_knows_of_a_customer_is_handed_on_and_makes_them_a_contact() -> Tested {
    let world = World::new().await?;
    let create = proto::CreateChannelRequest {
        workspace: "acme".into(),
        channel: "page".into(),
        kind: ChannelKind::Facebook.into(),
        ..Default::default()
    };
    world.workspaces.clone().create_channel(create).await?;
    let with = |id: &str, customer: Value| {
        let data = json!({"channel": "page", "author": {"role": "customer"}, "text": "Hi", "customer": customer});
        document(id, "t-1", "message", data)
    };
    let known = json!({"page_scoped_id": "7"});
    let told = json!({"page_scoped_id": "7", "profile": {"name": "Ann", "locale": "pl_PL"}});
    let outcomes = ingest(
        &world,
        &[
            with("e-1", known.clone()),
            with("e-2", known.clone()),
            with("e-3", told),
        ],
    )
    .await?;
    assert_eq!(verdicts(&outcomes), [(true, "", ""); 3]);
    ingest(&world, &[with("e-4", known)]).await?;
    let started = world.facts::<ConversationStarted>(1).await?;
    assert_eq!(started[0].contact, id_of("contact of 7"));
    let asked = world.contacts.asked();
    let kind = i32::from(ChannelKind::Facebook);
    // Those of one batch are asked for side by side.
    let mut asked: Vec<_> = asked
        .iter()
        .map(|one| {
            (
                one.channel.as_str(),
                one.kind,
                one.page_scoped_id.as_str(),
                one.profile.len(),
            )
        })
        .collect();
    asked.sort_unstable();
    assert_eq!(
        asked,
        [("page", kind, "7", 0), ("page", kind, "7", 2)],
        "a profile is told each time, the id once"
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_accepted_from_nats_is_a_dead_letter_with_a_reason() -> Tested {
    let world = World::new().await?;
    let first = message("e-1", "t-1", "customer", "Where is it?");
    eventually("the ingest stream", SOON, async || {
        publish(&world, "acme", &first).await.ok()
    })
    .await?;
    world.facts::<MessagePosted>(1).await?;
    publish(&world, "acme", &message("e-1", "t-1", "customer", "Another text")).await?;
    publish(&world, "acme", &message("e-2", "t-1", "robot", "Hi")).await?;
    let unknown = document("e-3", "t-1", "page_viewed", json!({}));
    publish_as(&world, "acme", "message", &unknown).await?;
    let mut letters = eventually("three dead letters", SOON, async || {
        let letters = bus::list_dead(&world.bus, None, 10).await.ok()?;
        (letters.len() == 3).then_some(letters)
    })
    .await?;
    letters.sort_by(|a, b| a.event_id.cmp(&b.event_id));
    let codes: Vec<&str> = letters.iter().map(|letter| letter.code.as_str()).collect();
    assert_eq!(codes, ["ingest.replay_differs", "request.invalid", "ingest.malformed"]);
    assert!(letters[1].reason.contains("data.author.role"), "{}", letters[1].reason);
    assert!(letters[2].reason.contains("type"), "{}", letters[2].reason);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_reference_that_is_not_known_yet_is_tried_again() -> Tested {
    let world = World::new().await?;
    let early = document("e-1", "t-1", "message_read", json!({"up_to_message_id": "m-1"}));
    eventually("the ingest stream", SOON, async || {
        publish(&world, "acme", &early).await.ok()
    })
    .await?;
    let mut first = message("e-2", "t-1", "agent", "Hello");
    first["data"]["message_id"] = json!("m-1");
    publish(&world, "acme", &first).await?;
    assert_eq!(world.facts::<MessageRead>(1).await?[0].up_to, 1);
    assert!(
        bus::list_dead(&world.bus, None, 10)
            .await
            .map_or(true, |letters| letters.is_empty())
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn accepted_events_are_remembered_for_thirty_days() -> Tested {
    let world = World::new().await?;
    let [first, other] = ["Hello", "Hello again"].map(|text| message("e-1", "t-1", "agent", text));
    assert!(ingest(&world, &[first]).await?[0].accepted);
    world.clock.advance(Duration::from_secs(29 * 24 * 3600));
    assert_eq!(
        ingest(&world, std::slice::from_ref(&other)).await?[0].code,
        "ingest.replay_differs"
    );
    eventually("the event is forgotten", SOON, async || {
        world.clock.advance(Duration::from_secs(12 * 3600));
        ingest(&world, std::slice::from_ref(&other))
            .await
            .ok()
            .filter(|outcomes| outcomes[0].accepted)
    })
    .await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_ahead_clock_of_the_sender_moves_nothing_into_the_future() -> Tested {
    let world = World::new().await?;
    let mut event = message("e-1", "t-1", "agent", "Hello");
    event["time"] = json!("9999-01-01T00:00:00Z");
    assert!(ingest(&world, &[event.clone()]).await?[0].accepted);
    let at = events::instant(world.facts::<MessagePosted>(1).await?[0].at).context("a time")?;
    use domain::Clock;
    assert_eq!(at, world.clock.now());
    world.clock.advance(Duration::from_secs(60));
    assert!(
        ingest(&world, &[event]).await?[0].accepted,
        "the same event, whenever it comes"
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn protobuf_with_attributes_in_headers_is_taken_like_a_document() -> Tested {
    let world = World::new().await?;
    let answer = IngestMessage {
        channel: Some("web".into()),
        author: Some(IngestAuthor {
            role: "agent".into(),
            agent: None,
        }),
        text: "Just a note.".into(),
        no_follow_up: Some(true),
        ..Default::default()
    };
    let publish = async |id: Option<&str>| {
        let mut attributes = async_nats::HeaderMap::new();
        for (name, value) in [
            (headers::CONTENT_TYPE, headers::PROTOBUF),
            (headers::CE_SPECVERSION, "1.0"),
            (headers::CE_TYPE, "homing.message.v1"),
            (headers::CE_SOURCE, "helpdesk"),
            (headers::CE_SUBJECT, "t-9"),
            (headers::CE_TIME, "2026-01-31T12:00:00Z"),
        ] {
            attributes.insert(name, value);
        }
        if let Some(id) = id {
            attributes.insert(headers::CE_ID, id);
        }
        let context = jetstream::new(world.bus.client().clone());
        let subject = ingest_subject("acme", "helpdesk", "message")?;
        let payload = answer.encode_to_vec().into();
        context
            .publish_with_headers(subject, attributes, payload)
            .await?
            .await?;
        anyhow::Ok(())
    };
    eventually("the ingest stream", SOON, async || publish(Some("p-1")).await.ok()).await?;
    publish(None).await?;
    let read = document("r-1", "t-9", "message_read", json!({"up_to_sequence": 1}));
    self::publish(&world, "acme", &read).await?;
    let marks = world.facts::<MessageRead>(1).await?;
    assert_eq!(marks[0].up_to, 1);
    let posted = world.facts::<MessagePosted>(1).await?;
    assert_eq!(
        (posted[0].author, posted[0].follow_up),
        (AGENT, false),
        "and the one without an id is dead"
    );
    assert_eq!(posted[0].conversation, marks[0].conversation);
    let messages = world.messages(&posted[0].conversation).await?;
    assert_eq!(messages[0].text, "Just a note.");
    world.end().await;
    Ok(())
}
