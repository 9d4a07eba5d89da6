//! Calls that a telephone system tells of.

use crate::Tested;
use crate::automatic_messages::{automatic, close, serve, world};
use crate::world::{BOT, CUSTOMER, World, starting};
use domain::{Clock, Timestamp};
use events::common::{AutomaticMessageKind as Kind, CallOutcome, Carriage, ChannelKind};
use events::event::{ConversationResolved, ConversationStarted, MessagePosted};
use rpc::conversation::AutomaticMessage;
use rpc::conversation::automatic_message_service_client::AutomaticMessageServiceClient;
use rpc::conversation::message::Content;
use rpc::conversation::{self as proto, IngestOutcome};
use serde_json::{Value, json};

const ALL: [Kind; 5] = [
    Kind::MissedCall,
    Kind::Voicemail,
    Kind::CallEnded,
    Kind::CallOutOfHours,
    Kind::CallGivenUp,
];

fn document(id: &str, call: &str, at: Timestamp, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "pbx", "type": "homing.call_ended.v1", "subject": call,
        "time": at.to_string(), "data": data
    })
}

fn call(outcome: &str) -> Value {
    json!({"channel": "phone", "outcome": outcome, "customer": {"phone": "+48600700123"}, "seconds": 12})
}

async fn tell(world: &World, documents: &[Value]) -> anyhow::Result<Vec<IngestOutcome>> {
    let request = proto::IngestEventsRequest {
        workspace: "acme".into(),
        integration: "pbx".into(),
        events: documents.iter().map(|one| one.to_string().into_bytes()).collect(),
    };
    Ok(world
        .conversations
        .clone()
        .ingest_events(request)
        .await?
        .into_inner()
        .outcomes)
}

/// A channel `phone` that is called, answered by the team `parcels`.
async fn with_phone(kinds: &[Kind]) -> anyhow::Result<World> {
    let (world, _) = world(kinds).await?;
    let request = proto::CreateChannelRequest {
        workspace: "acme".into(),
        channel: "phone".into(),
        kind: ChannelKind::Voice.into(),
        ..Default::default()
    };
    world.workspaces.clone().create_channel(request).await?;
    serve(&world, "phone").await?;
    Ok(world)
}

async fn open_for_missed_calls(world: &World) -> anyhow::Result<()> {
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    let mut voices = AutomaticMessageServiceClient::new(channel);
    let get = proto::GetAutomaticMessagesRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
    };
    let mut messages = voices
        .get_automatic_messages(get)
        .await?
        .into_inner()
        .messages
        .unwrap_or_default();
    messages.open_for_missed_calls = true;
    let set = proto::SetAutomaticMessagesRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        messages: Some(messages),
        version: 0,
    };
    voices.set_automatic_messages(set).await?;
    Ok(())
}

async fn conversations(world: &World) -> anyhow::Result<Vec<proto::Conversation>> {
    let request = proto::ListConversationsRequest {
        workspace: "acme".into(),
        ..Default::default()
    };
    let listed = world.conversations.clone().list_conversations(request).await?;
    Ok(listed.into_inner().conversations)
}

#[tokio::test]
async fn each_outcome_has_its_text_once_for_a_call() -> Tested {
    let world = with_phone(&ALL).await?;
    open_for_missed_calls(&world).await?;
    let now = world.clock.now();
    let outcomes = [
        ("ringing", Kind::MissedCall),
        ("after_greeting", Kind::MissedCall),
        ("after_menu_choice", Kind::MissedCall),
        ("in_menu", Kind::CallGivenUp),
        ("in_voicemail_prompt", Kind::CallGivenUp),
        ("voicemail_left", Kind::Voicemail),
        ("answered", Kind::CallEnded),
    ];
    for (index, (outcome, _)) in outcomes.iter().enumerate() {
        let name = format!("call-{index}");
        let told = document(&format!("e-{index}"), &name, now, call(outcome));
        // The same event again, and another one about the same call, change nothing.
        let other = document(&format!("f-{index}"), &name, now, call("ringing"));
        let answered = tell(&world, &[told.clone(), told, other]).await?;
        assert!(answered.iter().all(|outcome| outcome.accepted), "{answered:?}");
    }
    let [only] = &conversations(&world).await?[..] else {
        panic!("one caller, one open conversation")
    };
    let messages = world.messages(&only.conversation).await?;
    let texts: Vec<_> = messages.iter().filter_map(automatic).collect();
    let expected: Vec<_> = outcomes.iter().map(|(_, kind)| (*kind, Carriage::Text)).collect();
    assert_eq!(texts, expected);
    let told = messages
        .iter()
        .filter(|message| matches!(message.content, Some(Content::Call(_))));
    let told: Vec<_> = told.map(|message| message.content.clone()).collect();
    let expected = Content::Call(proto::Call {
        outcome: CallOutcome::Ringing.into(),
        seconds: 12,
    });
    assert_eq!((told.len(), told.first()), (7, Some(&Some(expected))));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_call_goes_into_the_open_conversation_of_its_number() -> Tested {
    let world = with_phone(&[Kind::MissedCall]).await?;
    let chat = proto::StartConversationRequest {
        contact: Some(proto::GivenContact {
            phone: "+48600700123".into(),
            ..Default::default()
        }),
        ..starting("r-1")
    };
    let chat = world.conversations.clone().start_conversation(chat).await?.into_inner();
    let chat = chat.conversation.unwrap_or_default().conversation;
    tell(&world, &[document("e-1", "call-1", world.clock.now(), call("ringing"))]).await?;
    let messages = world.messages(&chat).await?;
    let last = messages.last().expect("a message");
    assert_eq!(automatic(last), Some((Kind::MissedCall, Carriage::Text)));
    let [only] = &conversations(&world).await?[..] else {
        panic!("one conversation")
    };
    assert_eq!(
        only.customer_up_to, 1,
        "who calls has neither read nor answered what stands there"
    );
    // What a bot serves, it answers.
    world.post(&chat, BOT, "b-1", "I am a bot.").await?;
    tell(&world, &[document("e-2", "call-2", world.clock.now(), call("ringing"))]).await?;
    let messages = world.messages(&chat).await?;
    assert!(matches!(
        messages.last().and_then(|last| last.content.clone()),
        Some(Content::Call(_))
    ));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn two_calls_at_once_open_one_conversation() -> Tested {
    let world = with_phone(&ALL).await?;
    open_for_missed_calls(&world).await?;
    let now = world.clock.now();
    let calls = (0..4).map(|n| document(&format!("e-{n}"), &format!("call-{n}"), now, call("ringing")));
    let calls: Vec<_> = calls.collect();
    let told = futures::future::join_all(calls.iter().map(|one| tell(&world, std::slice::from_ref(one)))).await;
    assert!(
        told.iter()
            .all(|outcomes| outcomes.as_ref().is_ok_and(|outcomes| outcomes[0].accepted))
    );
    assert_eq!(conversations(&world).await?.len(), 1);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn without_an_open_conversation_a_text_has_one_that_is_settled() -> Tested {
    let world = with_phone(&[Kind::MissedCall]).await?;
    let now = world.clock.now();
    // Nothing answers the second, so nothing is kept of it; an answered call opens nothing either.
    tell(
        &world,
        &[
            document("e-1", "call-1", now, call("ringing")),
            document("e-2", "call-2", now, call("voicemail_left")),
            document("e-3", "call-3", now, call("answered")),
        ],
    )
    .await?;
    let [only] = &conversations(&world).await?[..] else {
        panic!("one conversation")
    };
    assert!(only.resolved_at.is_some());
    let posted = world.facts::<MessagePosted>(2).await?;
    assert_eq!(posted[1].automatic(), Carriage::Text);
    world.facts::<ConversationResolved>(1).await?;
    // Who answers the text is not lost in it.
    let answer = world
        .post(&only.conversation, CUSTOMER, "c-1", "Call me back please")
        .await?;
    assert_ne!(answer.conversation, only.conversation);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_call_to_a_closed_team_is_answered_so_and_an_old_one_not_at_all() -> Tested {
    let world = with_phone(&ALL).await?;
    open_for_missed_calls(&world).await?;
    close(&world).await?;
    let (now, old) = (
        world.clock.now(),
        world.clock.now() - jiff::SignedDuration::from_hours(1),
    );
    tell(
        &world,
        &[
            document("e-1", "call-1", now, call("ringing")),
            document("e-2", "call-2", old, call("ringing")),
        ],
    )
    .await?;
    let [only] = &conversations(&world).await?[..] else {
        panic!("one conversation")
    };
    let messages = world.messages(&only.conversation).await?;
    let texts: Vec<_> = messages.iter().filter_map(automatic).collect();
    assert_eq!(
        (texts, messages.len()),
        (vec![(Kind::CallOutOfHours, Carriage::Text)], 3)
    );
    // That it is closed was said: what is left is said to be heard.
    tell(&world, &[document("e-3", "call-3", now, call("voicemail_left"))]).await?;
    let messages = world.messages(&only.conversation).await?;
    assert_eq!(
        messages.last().and_then(automatic),
        Some((Kind::Voicemail, Carriage::Text))
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn calls_that_cannot_be_are_refused_by_their_field() -> Tested {
    let world = with_phone(&ALL).await?;
    let now = world.clock.now();
    let mut wrong = [
        (json!({"channel": "phone", "outcome": "ringing"}), "data.customer.phone"),
        (
            json!({"channel": "phone", "outcome": "lost", "customer": {"phone": "+48600700123"}}),
            "data.outcome",
        ),
        (
            json!({"channel": "web", "outcome": "ringing", "customer": {"phone": "+48600700123"}}),
            "data.channel",
        ),
        (
            json!({"channel": "gone", "outcome": "ringing", "customer": {"phone": "+48600700123"}}),
            "data.channel",
        ),
        (
            json!({"channel": "phone", "outcome": "ringing", "team": "gone", "customer": {"phone": "+48600700123"}}),
            "data.team",
        ),
        (
            json!({"channel": "phone", "outcome": "ringing", "seconds": 86_401, "customer": {"phone": "+48600700123"}}),
            "data.seconds",
        ),
    ]
    .into_iter()
    .enumerate();
    let documents: Vec<_> = wrong
        .by_ref()
        .map(|(index, (data, field))| {
            (
                document(&format!("e-{index}"), &format!("call-{index}"), now, data),
                field,
            )
        })
        .collect();
    let told: Vec<Value> = documents.iter().map(|(document, _)| document.clone()).collect();
    let outcomes = tell(&world, &told).await?;
    for ((_, field), outcome) in documents.iter().zip(&outcomes) {
        assert_eq!(
            (outcome.accepted, outcome.field.as_str()),
            (false, *field),
            "{}",
            outcome.reason
        );
    }
    // The same id with other content is no repetition.
    let good = document("e-9", "call-9", now, call("ringing"));
    let other = document("e-9", "call-9", now, call("in_menu"));
    let outcomes = tell(&world, &[good, other]).await?;
    assert!(outcomes[0].accepted);
    assert_eq!(outcomes[1].code, "ingest.replay_differs");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_call_for_another_team_is_that_teams_from_then_on() -> Tested {
    let world = with_phone(&[]).await?;
    let claims = proto::CreateTeamRequest {
        workspace: "acme".into(),
        team: "claims".into(),
        name: "Claims".into(),
    };
    world.workspaces.clone().create_team(claims).await?;
    let mut voices = AutomaticMessageServiceClient::new(rpc::connect(&format!("http://{}", world.running.grpc))?);
    let ask = AutomaticMessage {
        kind: Kind::AskRating.into(),
        on: true,
        team_name: true,
        ..Default::default()
    };
    let messages = proto::AutomaticMessages {
        messages: vec![ask],
        open_for_missed_calls: true,
        ..Default::default()
    };
    let set = proto::SetAutomaticMessagesRequest {
        workspace: "acme".into(),
        team: "claims".into(),
        messages: Some(messages),
        version: 0,
    };
    voices.set_automatic_messages(set).await?;
    let mut missed = call("ringing");
    missed["team"] = json!("claims");
    tell(&world, &[document("e-1", "call-1", world.clock.now(), missed)]).await?;
    let [only] = &conversations(&world).await?[..] else {
        panic!("one conversation")
    };
    assert_eq!(only.team, "claims");
    assert_eq!(world.facts::<ConversationStarted>(1).await?[0].team, "claims");
    // What is said by a button is said by that team.
    let say = proto::SendAutomaticMessageRequest {
        workspace: "acme".into(),
        conversation: only.conversation.clone(),
        request_id: "s-1".into(),
        kind: Kind::AskRating.into(),
        ..Default::default()
    };
    let said = voices.send_automatic_message(say).await?.into_inner().message;
    let said = said.map(|message| message.text).unwrap_or_default();
    assert!(said.starts_with("Claims"), "{said}");
    // Who goes on after the end is that team's too.
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: only.conversation.clone(),
    };
    world.conversations.clone().resolve_conversation(resolve).await?;
    world
        .post(&only.conversation, CUSTOMER, "c-1", "Nobody called back")
        .await?;
    let started = world.facts::<ConversationStarted>(2).await?;
    assert_eq!(
        (started[1].continues.as_str(), started[1].team.as_str()),
        (only.conversation.as_str(), "claims")
    );
    world.end().await;
    Ok(())
}
