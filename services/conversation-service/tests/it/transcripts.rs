//! Copies that customers ask for, and the setting that sends them by itself.

use crate::Tested;
use crate::contacts::id_of;
use crate::world::{AGENT, World, starting, why};
use events::common::{ChannelKind, ChannelSettings, FieldRule};
use events::event::{ConversationReachable, ConversationTranscriptRequested};
use rpc::conversation as proto;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use tonic::{Response, Status};

const ANN: &str = "ann@example.com";
const OTHER: &str = "office@example.com";

/// Asks for a copy; an empty address: the conversation's own.
async fn ask(
    world: &World,
    conversation: &str,
    request_id: &str,
    email: &str,
) -> Result<proto::RequestTranscriptResponse, Status> {
    let request = proto::RequestTranscriptRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        request_id: request_id.into(),
        email: email.into(),
    };
    let asked = world.conversations.clone().request_transcript(request).await;
    asked.map(Response::into_inner)
}

#[tokio::test]
async fn a_copy_is_asked_for_once_for_each_request_and_tells_how_far_it_goes() -> Tested {
    let world = World::new().await?;
    let mut start = starting("r-1");
    start.contact = Some(proto::GivenContact {
        email: ANN.into(),
        ..Default::default()
    });
    let started = world.conversations.clone().start_conversation(start).await?;
    let id = started.into_inner().conversation.expect("a conversation").conversation;
    let first = ask(&world, &id, "t-1", "").await?;
    world.post(&id, AGENT, "a-1", "It is on its way.").await?;
    assert_eq!(
        ask(&world, &id, "t-1", "").await?,
        first,
        "the same request asks for nothing more"
    );
    assert_eq!(ask(&world, &id, "t-1", ANN).await?, first);
    assert_eq!(
        why(ask(&world, &id, "t-1", OTHER).await),
        ("request.exists", "request_id".into())
    );
    // Two at once, of which one is a repetition.
    let (one, two) = tokio::join!(ask(&world, &id, "t-2", ""), ask(&world, &id, "t-2", ""));
    assert_eq!(one?, two?);
    let facts = world.facts::<ConversationTranscriptRequested>(2).await?;
    let mut told: Vec<u64> = facts.iter().map(|fact| fact.up_to_seq).collect();
    told.sort_unstable();
    assert_eq!((told, first.up_to_seq), (vec![1, 2], 1));
    assert!(
        facts
            .iter()
            .any(|fact| fact.transcript == first.transcript && fact.conversation == id)
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_address_given_for_a_copy_is_the_conversations_own_from_then_on() -> Tested {
    let world = World::new().await?;
    let id = world.start("r-1").await?.conversation;
    assert_eq!(
        why(ask(&world, &id, "t-1", "").await),
        ("request.invalid", "email".into())
    );
    assert_eq!(
        why(ask(&world, &id, "t-1", "ann@").await),
        ("request.invalid", "email".into())
    );
    assert_eq!(
        why(ask(&world, &id, "", ANN).await),
        ("request.invalid", "request_id".into())
    );
    assert!(world.contacts.asked().is_empty());
    // Also after the end.
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: id.clone(),
    };
    world.conversations.clone().resolve_conversation(resolve).await?;
    ask(&world, &id, "t-1", ANN).await?;
    ask(&world, &id, "t-2", "").await?;
    let reachable = world.facts::<ConversationReachable>(1).await?;
    assert_eq!(reachable[0].email_address, id_of(ANN));
    world.facts::<ConversationTranscriptRequested>(2).await?;
    let off = proto::UpdateChannelRequest {
        workspace: "acme".into(),
        channel: "web".into(),
        settings: Some(ChannelSettings {
            email: FieldRule::Off.into(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["email".into()],
        }),
        version: 0,
    };
    world.workspaces.clone().update_channel(off).await?;
    assert_eq!(
        why(ask(&world, &id, "t-3", OTHER).await),
        ("request.invalid", "email".into())
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn nobody_mails_many_strangers_by_asking_for_copies() -> Tested {
    let world = World::new().await?;
    let id = world.start("r-1").await?.conversation;
    for n in 1..=3 {
        ask(&world, &id, &format!("t-{n}"), &format!("stranger{n}@example.com")).await?;
    }
    let kept = world.contacts.asked().len();
    let refused = ask(&world, &id, "t-4", "stranger4@example.com").await;
    assert_eq!(why(refused), ("limit.rate", String::new()));
    assert_eq!(world.contacts.asked().len(), kept, "what is refused is not kept");
    // A repetition is none; another conversation has its own.
    ask(&world, &id, "t-3", "stranger3@example.com").await?;
    let other = world.start("r-2").await?.conversation;
    ask(&world, &other, "t-4", ANN).await?;
    world.clock.advance(Duration::from_secs(24 * 3600));
    ask(&world, &id, "t-4", "").await?;
    world.facts::<ConversationTranscriptRequested>(5).await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn channels_of_the_web_send_copies_at_the_end_unless_they_are_told_otherwise() -> Tested {
    let world = World::new().await?;
    let sms = proto::CreateChannelRequest {
        workspace: "acme".into(),
        channel: "texts".into(),
        kind: ChannelKind::Sms.into(),
        ..Default::default()
    };
    world.workspaces.clone().create_channel(sms).await?;
    let sends = async |channel: &str| {
        let request = proto::GetChannelRequest {
            workspace: "acme".into(),
            channel: channel.into(),
        };
        let got = world.workspaces.clone().get_channel(request).await?.into_inner();
        anyhow::Ok(
            got.channel
                .and_then(|channel| channel.settings)
                .map(|settings| settings.transcript_at_end),
        )
    };
    assert_eq!((sends("web").await?, sends("texts").await?), (Some(true), Some(false)));
    // As they were stored before there was such a setting.
    let mut admin = PgConnection::connect(&world.database.admin_url()).await?;
    let before = "UPDATE channel SET settings = settings - 'transcript_at_end'";
    assert_eq!(sqlx::query(before).execute(&mut admin).await?.rows_affected(), 2);
    assert_eq!((sends("web").await?, sends("texts").await?), (Some(true), Some(false)));
    for (channel, on) in [("web", false), ("texts", true)] {
        let change = proto::UpdateChannelRequest {
            workspace: "acme".into(),
            channel: channel.into(),
            settings: Some(ChannelSettings {
                transcript_at_end: on,
                ..Default::default()
            }),
            mask: Some(prost_types::FieldMask {
                paths: vec!["transcript_at_end".into()],
            }),
            version: 0,
        };
        world.workspaces.clone().update_channel(change).await?;
        assert_eq!(sends(channel).await?, Some(on));
    }
    world.end().await;
    Ok(())
}
