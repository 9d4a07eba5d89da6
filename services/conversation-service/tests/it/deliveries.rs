//! What became of the delivery of messages: as integrations report it, and as notifier-service tells.

use crate::Tested;
use crate::world::{AGENT, CUSTOMER, SOON, World, why};
use anyhow::Context;
use domain::{Clock, EventId, WorkspaceId};
use events::common::{ChannelKind, MessageDeliveryState as State};
use events::event::{
    DeliveryAccepted, DeliveryAttempting, DeliveryDelivered, DeliveryFailed, DeliveryUndelivered, DeliveryUnknown,
    MessageDeliveryChanged,
};
use events::{Fact, Outgoing};
use rpc::conversation as proto;
use std::time::Duration;
use testkit::eventually;
use tonic::Status;

const DELIVERY: &str = "018f4e3a-0000-7000-8000-000000000008";
const NOWHERE: &str = "018f4e3a-0000-7000-8000-00000000dead";

fn report(conversation: &str, seq: u64, state: State, reason: &str) -> proto::ReportDeliveryRequest {
    proto::ReportDeliveryRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        seq,
        state: state.into(),
        reason: reason.into(),
    }
}

async fn reported(world: &World, request: proto::ReportDeliveryRequest) -> Result<proto::MessageDelivery, Status> {
    let answer = world.conversations.clone().report_delivery(request).await?.into_inner();
    answer.delivery.ok_or_else(|| Status::internal("no delivery"))
}

/// A conversation of a workspace on a new channel of this kind, with a message of the customer (1) and an answer (2).
async fn answered(world: &World, workspace: &str, channel: &str, kind: ChannelKind) -> anyhow::Result<String> {
    let create = proto::CreateChannelRequest {
        workspace: workspace.into(),
        channel: channel.into(),
        kind: kind.into(),
        ..Default::default()
    };
    world.workspaces.clone().create_channel(create).await?;
    let start = proto::StartConversationRequest {
        workspace: workspace.into(),
        channel: channel.into(),
        ..crate::world::starting(&format!("r-{channel}"))
    };
    let mut client = world.conversations.clone();
    let started = client.start_conversation(start).await?.into_inner();
    let conversation = started.conversation.context("a conversation")?.conversation;
    let post = proto::PostMessageRequest {
        workspace: workspace.into(),
        ..crate::world::posting(&conversation, AGENT, "c-1", "It is on its way.")
    };
    client.post_message(post).await?;
    Ok(conversation)
}

/// How far the answer has come, as lists of messages show it.
async fn shown(world: &World, conversation: &str) -> anyhow::Result<Option<(State, String, u64)>> {
    let messages = world.messages(conversation).await?;
    let customers = messages.first().context("the customer's message")?;
    assert!(customers.author == CUSTOMER && customers.delivery.is_none());
    let answer = messages.into_iter().nth(1).context("an answer")?;
    Ok(answer.delivery.map(|one| (one.state(), one.reason, one.version)))
}

/// Each as an event of its own, or the stream would not bring a repeated one again.
pub async fn tell<F: Fact>(world: &World, workspace: &str, number: u64, fact: &F) -> Tested {
    let id = EventId::generate(&testkit::SeededEntropy::new(1_000 + number));
    let outgoing = Outgoing::new(id, &WorkspaceId::parse(workspace)?, "notifier", world.clock.now(), fact);
    for result in world.bus.publish(&[outgoing]).await {
        result?;
    }
    Ok(())
}

#[tokio::test]
async fn an_integration_reports_and_the_message_and_a_fact_show_it() -> Tested {
    let world = World::new().await?;
    let conversation = answered(&world, "acme", "page", ChannelKind::Facebook).await?;
    assert_eq!(shown(&world, &conversation).await?, None);
    let first = reported(&world, report(&conversation, 2, State::Sending, "")).await?;
    assert_eq!((first.state(), first.version), (State::Sending, 1));
    assert_eq!(first.at, Some(events::stamp(world.clock.now())));
    world.clock.advance(Duration::from_secs(2));
    let failed = reported(&world, report(&conversation, 2, State::Failed, "blocked.by_user")).await?;
    let failed_at = Some(events::stamp(world.clock.now()));
    assert_eq!(
        (failed.state(), failed.version, failed.at),
        (State::Failed, 2, failed_at)
    );
    world.clock.advance(Duration::from_secs(2));
    // Told again, or told late what came before: the answer is what is known.
    for late in [
        report(&conversation, 2, State::Failed, "other"),
        report(&conversation, 2, State::Sending, ""),
        report(&conversation, 2, State::Sent, ""),
    ] {
        assert_eq!(reported(&world, late).await?, failed);
    }
    let known = Some((State::Failed, "blocked.by_user".to_owned(), 2));
    assert_eq!(shown(&world, &conversation).await?, known);
    reported(&world, report(&conversation, 2, State::Read, "")).await?;
    assert_eq!(
        shown(&world, &conversation).await?,
        Some((State::Read, String::new(), 3))
    );

    let facts = world.facts::<MessageDeliveryChanged>(3).await?;
    let messages = world.messages(&conversation).await?;
    let told: Vec<_> = facts
        .iter()
        .map(|one| (one.seq, one.state(), one.reason.as_str(), one.version))
        .collect();
    assert_eq!(
        told,
        [
            (2, State::Sending, "", 1),
            (2, State::Failed, "blocked.by_user", 2),
            (2, State::Read, "", 3)
        ]
    );
    for fact in &facts {
        assert_eq!(
            (&fact.conversation, &fact.message),
            (&conversation, &messages[1].message)
        );
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_reported_is_refused_by_field() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let conversation = answered(&world, "acme", "page", ChannelKind::Facebook).await?;
    let foreign = answered(&world, "bolt", "page", ChannelKind::Facebook).await?;
    for (channel, kind) in [
        ("sms", ChannelKind::Sms),
        ("wa", ChannelKind::Whatsapp),
        ("phone", ChannelKind::Voice),
    ] {
        let ours = answered(&world, "acme", channel, kind).await?;
        let refused = why(reported(&world, report(&ours, 2, State::Sent, "")).await);
        assert_eq!(
            refused,
            ("conversation.delivered_here", "conversation".into()),
            "{channel}"
        );
    }
    let good = report(&conversation, 2, State::Failed, "blocked");
    for (request, wanted) in [
        (report(&conversation, 1, State::Sent, ""), ("request.invalid", "seq")),
        (report(&conversation, 0, State::Sent, ""), ("request.not_found", "seq")),
        (report(&conversation, 3, State::Sent, ""), ("request.not_found", "seq")),
        (
            report(&conversation, u64::MAX, State::Sent, ""),
            ("request.not_found", "seq"),
        ),
        (
            report(&conversation, 2, State::Unspecified, ""),
            ("request.invalid", "state"),
        ),
        (
            report(&conversation, 2, State::Sent, "late"),
            ("request.invalid", "reason"),
        ),
        (
            report(&conversation, 2, State::Failed, "Ann blocked us"),
            ("request.invalid", "reason"),
        ),
        (
            report(&conversation, 2, State::Failed, &"a".repeat(65)),
            ("request.invalid", "reason"),
        ),
        (
            report(NOWHERE, 2, State::Sent, ""),
            ("request.not_found", "conversation"),
        ),
        // Another workspace's is not there.
        (
            report(&foreign, 2, State::Sent, ""),
            ("request.not_found", "conversation"),
        ),
        (report("x", 2, State::Sent, ""), ("request.invalid", "conversation")),
        (
            proto::ReportDeliveryRequest {
                state: 99,
                ..good.clone()
            },
            ("request.invalid", "state"),
        ),
        (
            proto::ReportDeliveryRequest {
                workspace: "A".into(),
                ..good.clone()
            },
            ("request.invalid", "workspace"),
        ),
    ] {
        let said = format!("{request:?}");
        assert_eq!(
            why(reported(&world, request).await),
            (wanted.0, wanted.1.to_owned()),
            "{said}"
        );
    }
    assert_eq!(shown(&world, &conversation).await?, None);
    reported(&world, good).await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_the_notifier_tells_in_any_order_comes_to_the_same_end() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let conversation = answered(&world, "acme", "sms", ChannelKind::Sms).await?;
    let foreign = answered(&world, "bolt", "sms", ChannelKind::Sms).await?;
    let (delivery, of) = (DELIVERY.to_owned(), conversation.clone());
    let at = Some(events::stamp(world.clock.now()));
    let attempting = DeliveryAttempting {
        delivery: delivery.clone(),
        conversation: of.clone(),
        seq: 2,
        at,
        ..Default::default()
    };
    let unknown = DeliveryUnknown {
        delivery: delivery.clone(),
        conversation: of.clone(),
        seq: 2,
        reason: "sms.outcome_unknown".into(),
        at,
        ..Default::default()
    };
    let accepted = DeliveryAccepted {
        delivery: delivery.clone(),
        conversation: of.clone(),
        seq: 2,
        at,
        ..Default::default()
    };
    let undelivered = DeliveryUndelivered {
        delivery: delivery.clone(),
        conversation: of.clone(),
        seq: 2,
        reason: "30003".into(),
        at,
        ..Default::default()
    };
    tell(&world, "acme", 1, &unknown).await?;
    tell(&world, "acme", 2, &undelivered).await?;
    tell(&world, "acme", 3, &accepted).await?;
    tell(&world, "acme", 4, &attempting).await?;
    tell(&world, "acme", 5, &undelivered).await?;
    let settled = async |wanted: (State, &str)| {
        eventually("the delivery", SOON, async || {
            let known = shown(&world, &conversation).await.ok()??;
            ((known.0, known.1.as_str()) == wanted).then_some(known.2)
        })
        .await
    };
    settled((State::Failed, "30003")).await?;
    // About something else: a follow-up, or a workspace that has no such conversation.
    let arrived = DeliveryDelivered {
        delivery: delivery.clone(),
        conversation: of.clone(),
        seq: 0,
        at,
        ..Default::default()
    };
    tell(&world, "acme", 6, &arrived).await?;
    tell(
        &world,
        "bolt",
        9,
        &DeliveryDelivered {
            seq: 2,
            ..arrived.clone()
        },
    )
    .await?;
    let theirs = DeliveryFailed {
        delivery,
        conversation: foreign.clone(),
        seq: 2,
        reason: "send.no_address".into(),
        at,
        ..Default::default()
    };
    tell(&world, "bolt", 7, &theirs).await?;
    eventually("theirs", SOON, async || {
        let request = proto::ListMessagesRequest {
            workspace: "bolt".into(),
            conversation: foreign.clone(),
            ..Default::default()
        };
        let page = world
            .conversations
            .clone()
            .list_messages(request)
            .await
            .ok()?
            .into_inner();
        let delivery = page.messages.into_iter().nth(1)?.delivery?;
        (delivery.state() == State::Failed && delivery.reason == "send.no_address").then_some(())
    })
    .await?;
    let version = settled((State::Failed, "30003")).await?;
    tell(&world, "acme", 8, &DeliveryDelivered { seq: 2, ..arrived }).await?;
    assert_eq!(settled((State::Delivered, "")).await?, version + 1);
    world.end().await;
    Ok(())
}
