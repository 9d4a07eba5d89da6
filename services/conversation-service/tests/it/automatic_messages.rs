//! What teams say by themselves.

use crate::Tested;
use crate::world::{AGENT, BOT, CUSTOMER, World, starting, why};
use domain::Clock;
use events::common::{AutomaticMessageKind as Kind, Carriage, ChannelKind};
use events::event::MessagePosted;
use rpc::conversation::automatic_message_service_client::AutomaticMessageServiceClient;
use rpc::conversation::message::Content;
use rpc::conversation::opening_hours_service_client::OpeningHoursServiceClient;
use rpc::conversation::{self as proto, AutomaticMessage, AutomaticMessages};
use tonic::transport::Channel;
use tonic::{Response, Status};

const SYSTEM: i32 = events::common::AuthorRole::System as i32;

pub fn on(kind: Kind) -> AutomaticMessage {
    AutomaticMessage {
        kind: kind.into(),
        on: true,
        ..Default::default()
    }
}

fn set(messages: AutomaticMessages, version: u64) -> proto::SetAutomaticMessagesRequest {
    proto::SetAutomaticMessagesRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        messages: Some(messages),
        version,
    }
}

fn get() -> proto::GetAutomaticMessagesRequest {
    proto::GetAutomaticMessagesRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
    }
}

fn say(conversation: &str, kind: Kind, request_id: &str) -> proto::SendAutomaticMessageRequest {
    proto::SendAutomaticMessageRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        request_id: request_id.into(),
        kind: kind.into(),
        agent: "anna".into(),
        ..Default::default()
    }
}

type Voices = AutomaticMessageServiceClient<Channel>;

/// A workspace whose channel `web` is answered by the team `parcels`, which says all of `kinds`, in English.
pub async fn world(kinds: &[Kind]) -> anyhow::Result<(World, Voices)> {
    let world = World::new().await?;
    let team = proto::CreateTeamRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        name: "Parcels".into(),
    };
    world.workspaces.clone().create_team(team).await?;
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    let mut voices = AutomaticMessageServiceClient::new(channel);
    let messages = AutomaticMessages {
        messages: kinds.iter().map(|kind| on(*kind)).collect(),
        contact_page: "https://acme.example/contact".into(),
        ..Default::default()
    };
    voices.set_automatic_messages(set(messages, 0)).await?;
    serve(&world, "web").await?.into_inner();
    Ok((world, voices))
}

/// Has the team `parcels` answer a channel.
pub async fn serve(world: &World, channel: &str) -> Result<Response<proto::UpdateChannelResponse>, Status> {
    let settings = events::common::ChannelSettings {
        team: "parcels".into(),
        language: "en".into(),
        ..Default::default()
    };
    let request = proto::UpdateChannelRequest {
        workspace: "acme".into(),
        channel: channel.into(),
        settings: Some(settings),
        mask: Some(prost_types::FieldMask {
            paths: vec!["team".into(), "language".into()],
        }),
        version: 0,
    };
    world.workspaces.clone().update_channel(request).await
}

/// Closes the team for good.
pub async fn close(world: &World) -> anyhow::Result<()> {
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    let request = proto::SetOpeningHoursRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        hours: Some(proto::OpeningHours {
            time_zone: "UTC".into(),
            ..Default::default()
        }),
        version: 0,
    };
    OpeningHoursServiceClient::new(channel)
        .set_opening_hours(request)
        .await?;
    Ok(())
}

/// Which automatic message it is.
pub fn automatic(message: &proto::Message) -> Option<(Kind, Carriage)> {
    match &message.content {
        Some(Content::Automatic(said)) => Some((said.kind(), said.carriage())),
        _ => None,
    }
}

#[tokio::test]
async fn the_first_message_of_a_chat_is_thanked_for_once() -> Tested {
    let (world, _) = world(&[Kind::FirstMessage]).await?;
    let started = world.start("r-1").await?;
    // The same request again says nothing more.
    world.conversations.clone().start_conversation(starting("r-1")).await?;
    world.post(&started.conversation, CUSTOMER, "c-2", "Hello?").await?;
    let messages = world.messages(&started.conversation).await?;
    let authors: Vec<i32> = messages.iter().map(|message| message.author).collect();
    assert_eq!(authors, [CUSTOMER, SYSTEM, CUSTOMER]);
    assert_eq!(
        messages[1].text,
        "Thank you for your message. We will answer as soon as we can."
    );
    assert_eq!(automatic(&messages[1]), Some((Kind::FirstMessage, Carriage::Channel)));
    // It goes out as a fact that says what it is, and starts no follow-up.
    let facts = world.facts::<MessagePosted>(3).await?;
    let said = facts.iter().find(|fact| fact.seq == 2).expect("its fact");
    assert_eq!((said.automatic(), said.follow_up), (Carriage::Channel, false));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_closed_team_says_so_and_not_on_top_of_a_bot() -> Tested {
    let (world, _) = world(&[Kind::FirstMessage, Kind::ChatOutOfHours]).await?;
    close(&world).await?;
    let started = world.start("r-1").await?;
    let messages = world.messages(&started.conversation).await?;
    assert_eq!(automatic(&messages[1]), Some((Kind::ChatOutOfHours, Carriage::Channel)));
    assert_eq!(messages.len(), 2);
    let begun = proto::StartConversationRequest {
        author: BOT,
        ..starting("r-2")
    };
    let begun = world
        .conversations
        .clone()
        .start_conversation(begun)
        .await?
        .into_inner();
    let by_bot = begun.conversation.unwrap_or_default().conversation;
    world.post(&by_bot, CUSTOMER, "c-1", "Hello?").await?;
    assert_eq!(world.messages(&by_bot).await?.len(), 2);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn ingested_messages_are_answered_like_others_unless_they_are_old() -> Tested {
    let (world, _) = world(&[Kind::FirstMessage]).await?;
    let now = world.clock.now();
    let old = now - jiff::SignedDuration::from_hours(2);
    for (id, reference, at) in [("e-1", "t-1", now), ("e-2", "t-2", old)] {
        let document = serde_json::json!({
            "specversion": "1.0", "id": id, "source": "helpdesk", "type": "homing.message.v1", "subject": reference,
            "time": at.to_string(), "data": {"channel": "web", "author": {"role": "customer"}, "text": "Hello"}
        });
        let request = proto::IngestEventsRequest {
            workspace: "acme".into(),
            integration: "helpdesk".into(),
            events: vec![document.to_string().into_bytes()],
        };
        let outcomes = world
            .conversations
            .clone()
            .ingest_events(request)
            .await?
            .into_inner()
            .outcomes;
        assert!(outcomes.iter().all(|outcome| outcome.accepted), "{outcomes:?}");
    }
    let facts = world.facts::<MessagePosted>(3).await?;
    let said: Vec<_> = facts.iter().filter(|fact| fact.author == SYSTEM).collect();
    assert_eq!(said.len(), 1);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_rating_is_kept_also_after_the_conversation_was_resolved() -> Tested {
    let (world, mut voices) = world(&[Kind::AskRating]).await?;
    let conversation = world.start("r-1").await?.conversation;
    world.post(&conversation, AGENT, "a-1", "On its way.").await?;
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: conversation.clone(),
    };
    world.conversations.clone().resolve_conversation(resolve).await?;
    let asked = voices
        .send_automatic_message(say(&conversation, Kind::AskRating, "s-1"))
        .await?;
    let again = voices
        .send_automatic_message(say(&conversation, Kind::AskRating, "s-1"))
        .await?;
    assert_eq!(asked.into_inner().message, again.into_inner().message);
    let answer = world.post(&conversation, CUSTOMER, "c-2", " 5 ").await?;
    assert_eq!(answer.conversation, conversation, "an answer opens nothing");
    assert_eq!(
        answer.message.and_then(|message| message.content),
        Some(Content::Rating(5))
    );
    // Only the next message is an answer; after the resolve another one opens a new conversation.
    let next = world.post(&conversation, CUSTOMER, "c-3", "4").await?;
    assert_ne!(next.conversation, conversation);
    let request = proto::ListRatingsRequest {
        workspace: "acme".into(),
        ..Default::default()
    };
    let ratings = voices.list_ratings(request).await?.into_inner().ratings;
    let told: Vec<_> = ratings
        .iter()
        .map(|one| (one.conversation.as_str(), one.seq, one.rating))
        .collect();
    assert_eq!(told, [(conversation.as_str(), 4, 5)]);
    let facts = world.facts::<MessagePosted>(5).await?;
    assert_eq!(facts.iter().map(|fact| fact.rating).sum::<u32>(), 5);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn only_what_comes_right_after_a_question_answers_it() -> Tested {
    let (world, mut voices) = world(&[Kind::AskRating, Kind::AskSolved, Kind::AskApproval]).await?;
    let conversation = world.start("r-1").await?.conversation;
    voices
        .send_automatic_message(say(&conversation, Kind::AskRating, "s-1"))
        .await?;
    world.post(&conversation, AGENT, "a-1", "How many are missing?").await?;
    let answer = world.post(&conversation, CUSTOMER, "c-1", "2").await?;
    assert_eq!(answer.message.and_then(|message| message.content), None);
    voices
        .send_automatic_message(say(&conversation, Kind::AskSolved, "s-2"))
        .await?;
    voices
        .send_automatic_message(say(&conversation, Kind::AskApproval, "s-3"))
        .await?;
    let answer = world.post(&conversation, CUSTOMER, "c-2", "yes").await?;
    assert_eq!(answer.message.and_then(|message| message.content), None);
    // The same id for something else is no repetition.
    let mut other = say(&conversation, Kind::AskApproval, "s-3");
    other.note = "For order 1207.".into();
    assert_eq!(why(voices.send_automatic_message(other).await).0, "request.exists");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn two_questions_are_both_answered_whatever_is_said_beside() -> Tested {
    let (world, mut voices) = world(&[Kind::AskRating, Kind::AskSolved, Kind::FirstMessage]).await?;
    let conversation = world.start("r-1").await?.conversation;
    world.post(&conversation, AGENT, "a-1", "On its way.").await?;
    for (kind, id) in [(Kind::AskRating, "s-1"), (Kind::AskSolved, "s-2")] {
        voices.send_automatic_message(say(&conversation, kind, id)).await?;
    }
    world
        .post(&conversation, AGENT, "a-2", "Thank you for your patience!")
        .await?;
    for (id, words, expected) in [
        ("c-1", "Thanks a lot", None),
        ("c-2", "Yes!", Some(Content::Solved(true))),
        ("c-3", "5", Some(Content::Rating(5))),
        // Each counts once.
        ("c-4", "4", None),
        ("c-5", "no", None),
    ] {
        let answer = world.post(&conversation, CUSTOMER, id, words).await?;
        assert_eq!(answer.message.and_then(|message| message.content), expected, "{words}");
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_answer_at_night_is_not_answered() -> Tested {
    let (world, mut voices) = world(&[Kind::AskRating, Kind::FirstMessage]).await?;
    let conversation = world.start("r-1").await?.conversation;
    voices
        .send_automatic_message(say(&conversation, Kind::AskRating, "s-1"))
        .await?;
    close(&world).await?;
    let before = world.messages(&conversation).await?.len();
    world.post(&conversation, CUSTOMER, "c-1", "5").await?;
    assert_eq!(world.messages(&conversation).await?.len(), before + 1);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_problem_that_is_not_solved_goes_on() -> Tested {
    let (world, mut voices) = world(&[Kind::AskSolved]).await?;
    for (request, words, solved) in [("r-1", "tak", true), ("r-2", "NO", false)] {
        let conversation = world.start(request).await?.conversation;
        let resolve = proto::ResolveConversationRequest {
            workspace: "acme".into(),
            conversation: conversation.clone(),
        };
        world.conversations.clone().resolve_conversation(resolve).await?;
        voices
            .send_automatic_message(say(&conversation, Kind::AskSolved, "s-1"))
            .await?;
        let answer = world.post(&conversation, CUSTOMER, "c-2", words).await?;
        assert_eq!(answer.conversation == conversation, solved);
        let content = answer.message.and_then(|message| message.content);
        assert_eq!(content, Some(Content::Solved(solved)));
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn settings_have_a_version_and_a_preview() -> Tested {
    let (world, mut voices) = world(&[Kind::FirstMessage]).await?;
    let told = voices.get_automatic_messages(get()).await?.into_inner();
    assert_eq!(told.version, 1);
    let before = told.messages.unwrap_or_default();
    let same = voices
        .set_automatic_messages(set(before.clone(), 1))
        .await?
        .into_inner();
    assert_eq!(same.version, 1, "what is the same is no change");
    let stale = voices
        .set_automatic_messages(set(AutomaticMessages::default(), 7))
        .await;
    assert_eq!(why(stale), ("conversation.version", "version".into()));
    let preview = proto::PreviewAutomaticMessageRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        message: Some(AutomaticMessage {
            business_name: true,
            extra_text: "Merci !".into(),
            ..on(Kind::AskSolved)
        }),
        language: "fr".into(),
        by_text: true,
    };
    let words = voices.preview_automatic_message(preview).await?.into_inner().text;
    assert_eq!(
        words,
        "acme Ltd : Votre problème est-il résolu ? Répondez OUI ou NON. Merci !"
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn impossible_settings_and_requests_are_refused() -> Tested {
    let (world, mut voices) = world(&[Kind::AskPayment]).await?;
    let twice = AutomaticMessages {
        messages: vec![on(Kind::AskMedia), on(Kind::AskMedia)],
        ..Default::default()
    };
    let refused = voices.set_automatic_messages(set(twice, 0)).await;
    assert_eq!(why(refused), ("request.invalid", "messages.kind".into()));
    let without_page = AutomaticMessages {
        messages: vec![on(Kind::ContactPage)],
        ..Default::default()
    };
    let refused = voices.set_automatic_messages(set(without_page, 0)).await;
    assert_eq!(why(refused), ("request.invalid", "contact_page".into()));
    let elsewhere = proto::GetAutomaticMessagesRequest {
        team: "nobody".into(),
        ..get()
    };
    assert_eq!(
        why(voices.get_automatic_messages(elsewhere).await).0,
        "request.not_found"
    );
    let conversation = world.start("r-1").await?.conversation;
    for (request, expected) in [
        (say(&conversation, Kind::AskRating, "s-1"), ("automatic.off", "kind")),
        (
            say(&conversation, Kind::FirstMessage, "s-2"),
            ("request.invalid", "kind"),
        ),
        (say(&conversation, Kind::AskPayment, "s-3"), ("request.invalid", "link")),
        (
            say(&conversation, Kind::Unspecified, "s-4"),
            ("request.invalid", "kind"),
        ),
    ] {
        let refused = voices.send_automatic_message(request).await;
        assert_eq!(why(refused), (expected.0, expected.1.to_owned()));
    }
    let mut paid = say(&conversation, Kind::AskPayment, "s-5");
    paid.link = "javascript:alert(1)".into();
    assert_eq!(
        why(voices.send_automatic_message(paid).await),
        ("request.invalid", "link".into())
    );
    let channel = events::common::ChannelSettings {
        team: "nobody".into(),
        ..Default::default()
    };
    let unknown = proto::CreateChannelRequest {
        workspace: "acme".into(),
        channel: "shop".into(),
        kind: ChannelKind::Web.into(),
        settings: Some(channel),
        mask: Some(prost_types::FieldMask {
            paths: vec!["team".into()],
        }),
    };
    let refused = world.workspaces.clone().create_channel(unknown).await;
    assert_eq!(why(refused), ("request.invalid", "settings.team".into()));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn another_workspace_is_neither_shown_nor_spoken_in() -> Tested {
    let (world, mut voices) = world(&[Kind::AskRating]).await?;
    world.set_up("bolt").await?;
    let conversation = world.start("r-1").await?.conversation;
    voices
        .send_automatic_message(say(&conversation, Kind::AskRating, "s-1"))
        .await?;
    world.post(&conversation, CUSTOMER, "c-2", "5").await?;
    let elsewhere = proto::GetAutomaticMessagesRequest {
        workspace: "bolt".into(),
        ..get()
    };
    assert_eq!(
        why(voices.get_automatic_messages(elsewhere).await).0,
        "request.not_found"
    );
    let foreign = proto::SendAutomaticMessageRequest {
        workspace: "bolt".into(),
        ..say(&conversation, Kind::AskRating, "s-2")
    };
    assert_eq!(why(voices.send_automatic_message(foreign).await).0, "request.not_found");
    let request = proto::ListRatingsRequest {
        workspace: "bolt".into(),
        ..Default::default()
    };
    assert!(voices.list_ratings(request).await?.into_inner().ratings.is_empty());
    world.end().await;
    Ok(())
}
