//! What a team says by itself, by the way that each origin has.

use crate::Tested;
use crate::automatic_messages::{automatic, serve, world};
use crate::world::{World, starting, why};
use domain::Clock;
use events::common::{AutomaticMessageKind as Kind, Carriage, ChannelKind, MessageDeliveryState as State};
use events::event::MessagePosted;
use rpc::conversation::message::Content;
use rpc::conversation::{self as proto, MessageDelivery};
use serde_json::json;
use tonic::Status;

/// Who brings what is said there to the customer.
#[derive(Clone, Copy, PartialEq)]
enum Bringer {
    /// The widget.
    Chat,
    /// The system that brought the conversation in: by mail, or through a social network.
    System,
    /// notifier-service.
    Text,
}

const ORIGINS: [(&str, ChannelKind, Bringer); 7] = [
    ("web", ChannelKind::Web, Bringer::Chat),
    ("mail", ChannelKind::Email, Bringer::System),
    ("page", ChannelKind::Facebook, Bringer::System),
    ("photos", ChannelKind::Instagram, Bringer::System),
    ("texts", ChannelKind::Sms, Bringer::Text),
    ("app", ChannelKind::Whatsapp, Bringer::Text),
    ("phone", ChannelKind::Voice, Bringer::Text),
];
/// What agents have said by a button.
const BUTTONS: [Kind; 6] = [
    Kind::AskSolved,
    Kind::AskMedia,
    Kind::ContactPage,
    Kind::AskApproval,
    Kind::AskPayment,
    Kind::AskRating,
];

async fn report(world: &World, conversation: &str, seq: u64, state: State) -> Result<Option<MessageDelivery>, Status> {
    let request = proto::ReportDeliveryRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        seq,
        state: state.into(),
        reason: String::new(),
    };
    let told = world.conversations.clone().report_delivery(request).await?;
    Ok(told.into_inner().delivery)
}

/// The customer's words, as the system that knows them brings them in.
async fn brought(world: &World, conversation: &str, words: &str) -> Tested {
    let document = json!({
        "specversion": "1.0", "id": format!("m-{conversation}"), "source": "crm", "type": "homing.message.v1",
        "subject": conversation, "time": world.clock.now().to_string(),
        "data": { "author": { "role": "customer" }, "text": words }
    });
    let request = proto::IngestEventsRequest {
        workspace: "acme".into(),
        integration: "crm".into(),
        events: vec![document.to_string().into_bytes()],
    };
    let outcomes = world
        .conversations
        .clone()
        .ingest_events(request)
        .await?
        .into_inner()
        .outcomes;
    assert!(outcomes[0].accepted, "{outcomes:?}");
    Ok(())
}

#[tokio::test]
async fn each_origin_is_told_what_a_team_says_and_its_answer_counts() -> Tested {
    let (world, mut voices) = world(&BUTTONS).await?;
    for (channel, kind, bringer) in ORIGINS {
        if channel != "web" {
            let create = proto::CreateChannelRequest {
                workspace: "acme".into(),
                channel: channel.into(),
                kind: kind.into(),
                settings: None,
                mask: None,
            };
            world.workspaces.clone().create_channel(create).await?;
            serve(&world, channel).await?;
        }
        let start = proto::StartConversationRequest {
            channel: channel.into(),
            ..starting(channel)
        };
        let started = world
            .conversations
            .clone()
            .start_conversation(start)
            .await?
            .into_inner();
        let conversation = started.conversation.unwrap_or_default().conversation;
        for (seq, button) in (2..).zip(BUTTONS) {
            let say = proto::SendAutomaticMessageRequest {
                workspace: "acme".into(),
                conversation: conversation.clone(),
                request_id: format!("say-{seq}"),
                kind: button.into(),
                agent: "anna".into(),
                link: match button {
                    Kind::AskPayment => "https://pay.example/7".into(),
                    _ => String::new(),
                },
                ..Default::default()
            };
            let said = voices.send_automatic_message(say).await?.into_inner().message;
            let said = said.unwrap_or_default();
            assert_eq!((said.seq, automatic(&said)), (seq, Some((button, Carriage::Channel))));
            // Who brings it is told that it is there, and what became of it is told back, but not of what Homing brings itself.
            let told = report(&world, &conversation, seq, State::Delivered).await;
            match bringer {
                Bringer::Text => assert_eq!(why(told).0, "conversation.delivered_here", "{channel}"),
                Bringer::Chat | Bringer::System => {
                    assert_eq!(told?.map(|delivery| delivery.state()), Some(State::Delivered));
                }
            }
        }
        brought(&world, &conversation, "5").await?;
        let answer = world.messages(&conversation).await?.pop().and_then(|last| last.content);
        assert_eq!(answer, Some(Content::Rating(5)), "{channel}");
    }
    // Everything was told as a fact that says how it goes out, and that nobody wrote it.
    let facts: Vec<MessagePosted> = world.facts(ORIGINS.len() * (2 + BUTTONS.len())).await?;
    let said = facts
        .iter()
        .filter(|fact| fact.automatic() == Carriage::Channel && !fact.follow_up);
    assert_eq!(said.count(), ORIGINS.len() * BUTTONS.len());
    world.end().await;
    Ok(())
}
