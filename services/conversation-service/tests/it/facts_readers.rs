//! Integrations that read the facts of their workspace, on a real nats-server.

use crate::Tested;
use crate::nats_logins::{Guarded, guarded, integration};
use crate::world::{SOON, World, ingest_subject, starting, why};
use anyhow::Context;
use async_nats::jetstream::consumer::{DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, context::ContextBuilder};
use domain::{Clock, IntegrationId, WorkspaceId};
use events::event::MessagePosted;
use events::{FACTS, Fact, FactsReader, Subject};
use futures::TryStreamExt;
use prost::Message;
use rpc::conversation as proto;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use testkit::eventually;

/// A server that refuses a subject says nothing to the call.
const PATIENCE: Duration = Duration::from_secs(1);
/// The name that [`integration`] gives one with the scope facts.
const NAME: &str = "helpdesk-6";

fn reader(workspace: &str) -> anyhow::Result<FactsReader> {
    Ok(FactsReader::new(
        &WorkspaceId::parse(workspace)?,
        &IntegrationId::parse(NAME)?,
    ))
}

/// Whether it is the subject of a fact of this workspace.
fn is_of(workspace: &str, subject: &str) -> bool {
    let parsed = Subject::parse(subject);
    parsed.is_some_and(|parsed| matches!(parsed, Subject::Fact { .. }) && parsed.workspace().as_str() == workspace)
}

/// JetStream as the integration of a workspace, which just got the scope facts, sees it.
async fn as_reader(guarded: &Guarded, world: &World, workspace: &str) -> anyhow::Result<jetstream::Context> {
    let (user, token) = integration(world, workspace, proto::Scope::Facts).await?;
    let client = eventually("a login", SOON, async || guarded.log_in(&user, &token).await.ok()).await?;
    Ok(ContextBuilder::new().timeout(PATIENCE).build(client))
}

async fn bound(jetstream: &jetstream::Context, consumer: &str) -> anyhow::Result<PullConsumer> {
    let found = eventually("the consumer", SOON, async || {
        let stream = jetstream.get_stream_no_info(FACTS.name).await.ok()?;
        stream.get_consumer(consumer).await.ok()
    });
    Ok(found.await?)
}

/// JetStream as one sees it who may do everything.
fn looker(world: &World) -> jetstream::Context {
    jetstream::new(world.bus.client().clone())
}

/// The consumer as the server has it, asked by one who may.
async fn present(world: &World, consumer: &str) -> anyhow::Result<Option<DeliverPolicy>> {
    let stream = looker(world).get_stream_no_info(FACTS.name).await?;
    Ok(stream
        .consumer_info(consumer)
        .await
        .ok()
        .map(|info| info.config.deliver_policy))
}

async fn update(world: &World, scopes: &[proto::Scope]) -> Tested {
    let request = proto::UpdateIntegrationRequest {
        workspace: "acme".into(),
        integration: NAME.into(),
        scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        revoked: scopes.is_empty(),
    };
    world.workspaces.clone().update_integration(request).await?;
    Ok(())
}

#[tokio::test]
async fn an_integration_reads_the_facts_of_its_workspace_and_acknowledges_them() -> Tested {
    let guarded = guarded().await?;
    let world = guarded.world().await?;
    world.set_up("bolt").await?;
    let jetstream = as_reader(&guarded, &world, "acme").await?;
    let consumer = bound(&jetstream, &reader("acme")?.consumer).await?;
    let foreign = proto::StartConversationRequest {
        workspace: "bolt".into(),
        ..starting("r-1")
    };
    world.conversations.clone().start_conversation(foreign).await?;
    let own = world.start("r-1").await?;
    world.facts::<MessagePosted>(2).await?;

    let mut posted = Vec::new();
    eventually("the facts", SOON, async || {
        let batch = consumer.fetch().max_messages(100).messages().await.ok()?;
        let messages: Vec<_> = batch.try_collect().await.ok()?;
        for message in &messages {
            assert!(is_of("acme", &message.subject), "{}", message.subject);
            message.double_ack().await.ok()?;
            if message
                .subject
                .ends_with(&format!("{}.{}", MessagePosted::AGGREGATE, MessagePosted::EVENT))
            {
                posted.push(MessagePosted::decode(message.payload.clone()).ok()?);
            }
        }
        (!posted.is_empty()).then_some(())
    })
    .await?;
    assert_eq!(
        posted.iter().map(|one| one.conversation.as_str()).collect::<Vec<_>>(),
        [own.conversation.as_str()]
    );
    let info = bound(&jetstream, &reader("acme")?.consumer)
        .await?
        .cached_info()
        .clone();
    assert_eq!((info.num_ack_pending, info.num_pending), (0, 0), "all are acknowledged");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn it_can_read_nothing_else_and_change_nothing() -> Tested {
    let guarded = guarded().await?;
    let world = guarded.world().await?;
    world.set_up("bolt").await?;
    let jetstream = as_reader(&guarded, &world, "acme").await?;
    let own = reader("acme")?.consumer;
    bound(&jetstream, &own).await?;
    let other = reader("bolt")?.consumer;
    let theirs = as_reader(&guarded, &world, "bolt").await?;
    bound(&theirs, &other).await?;
    let stream = jetstream.get_stream_no_info(FACTS.name).await?;
    for consumer in [other.as_str(), "test", "conversation-ingest"] {
        assert!(stream.consumer_info(consumer).await.is_err(), "sees {consumer}");
        let next = format!("CONSUMER.MSG.NEXT.{}.{consumer}", FACTS.name);
        let one = serde_json::json!({ "batch": 1 });
        let asked = jetstream.request::<_, _, serde_json::Value>(next, &one).await;
        assert!(asked.is_err(), "reads {consumer}");
    }
    for (name, filter) in [
        (own.as_str(), events::FACT_SUBJECTS.to_owned()),
        (own.as_str(), reader("bolt")?.filter),
        ("own", reader("acme")?.filter),
        ("own", String::new()),
    ] {
        let config = pull::Config {
            durable_name: Some(name.to_owned()),
            filter_subject: filter.clone(),
            ..Default::default()
        };
        let made = jetstream.create_consumer_on_stream(config, FACTS.name).await;
        assert!(made.is_err(), "makes {name} for {filter}");
    }
    assert!(stream.delete_consumer(&own).await.is_err());
    assert!(jetstream.get_stream(FACTS.name).await.is_err());
    assert!(stream.get_raw_message(1).await.is_err());
    let subject = ingest_subject("acme", NAME, "message")?;
    assert!(
        jetstream.publish(subject, "{}".into()).await?.await.is_err(),
        "the scope ingest"
    );
    world.end().await;
    Ok(())
}

/// The server answers wherever the asker wants it to: what it sends there must not become a fact of somebody else.
#[tokio::test]
async fn what_it_asks_for_is_no_fact_of_another_workspace_wherever_it_is_sent() -> Tested {
    let guarded = guarded().await?;
    let world = guarded.world().await?;
    world.set_up("bolt").await?;
    let jetstream = as_reader(&guarded, &world, "acme").await?;
    let own = reader("acme")?.consumer;
    let mut consumer = bound(&jetstream, &own).await?;
    let fact = |workspace: &str| {
        let workspace = WorkspaceId::parse(workspace).expect("a slug");
        events::workspace_fact::<MessagePosted>(&workspace)
    };
    // Without an id, or the stream would know it again.
    let unnamed = looker(&world).publish(fact("acme"), "content".into()).await?;
    let last = unnamed.await?.sequence;
    let next = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{own}", FACTS.name);
    let (client, all) = (jetstream.client(), r#"{"batch":50,"no_wait":true}"#);
    client.publish_with_reply(next, fact("bolt"), all.into()).await?;
    client.flush().await?;
    let mut stream = looker(&world).get_stream(FACTS.name).await?;
    let sent = eventually("the facts went out", SOON, async || {
        let delivered = consumer.info().await.ok()?.num_ack_pending > 0;
        let kept = stream.info().await.ok()?.state.last_sequence;
        (delivered && kept > last + 1).then_some(kept)
    })
    .await?;
    for sequence in last + 1..=sent {
        let kept = stream.get_raw_message(sequence).await?;
        let is_own = is_of("acme", &kept.subject);
        assert!(is_own || kept.payload.is_empty(), "{} was made", kept.subject);
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn the_consumer_comes_and_goes_with_the_scope() -> Tested {
    let guarded = guarded().await?;
    let world = guarded.world().await?;
    let consumer = reader("acme")?.consumer;
    let granted = world.clock.now();
    let jetstream = as_reader(&guarded, &world, "acme").await?;
    bound(&jetstream, &consumer).await?;
    let from = async |wanted: jiff::Timestamp| {
        eventually("the consumer", SOON, async || {
            match present(&world, &consumer).await.ok()? {
                Some(DeliverPolicy::ByStartTime { start_time }) => {
                    (start_time.unix_timestamp() == wanted.as_second()).then_some(())
                }
                _ => None,
            }
        })
        .await
    };
    let gone = async || {
        eventually("the consumer is gone", SOON, async || {
            present(&world, &consumer).await.ok()?.is_none().then_some(())
        })
        .await
    };
    from(granted).await?;
    // Other scopes beside it change nothing.
    world.clock.advance(Duration::from_secs(5));
    update(&world, &[proto::Scope::Read, proto::Scope::Facts]).await?;
    update(&world, &[proto::Scope::Facts]).await?;
    from(granted).await?;

    update(&world, &[proto::Scope::Read]).await?;
    gone().await?;
    let again = world.clock.now();
    update(&world, &[proto::Scope::Read, proto::Scope::Facts]).await?;
    from(again).await?;
    // Taken and given in one breath, it begins with the later time, whichever of the two is carried out.
    world.clock.advance(Duration::from_secs(5));
    update(&world, &[]).await?;
    update(&world, &[proto::Scope::Facts]).await?;
    from(world.clock.now()).await?;
    update(&world, &[]).await?;
    gone().await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_lost_consumer_comes_back_and_what_a_crash_left_is_done() -> Tested {
    let guarded = guarded().await?;
    let world = guarded.world().await?;
    let consumer = reader("acme")?.consumer;
    let jetstream = as_reader(&guarded, &world, "acme").await?;
    bound(&jetstream, &consumer).await?;
    looker(&world)
        .get_stream_no_info(FACTS.name)
        .await?
        .delete_consumer(&consumer)
        .await?;
    eventually("it is made again", SOON, async || {
        world.clock.advance(Duration::from_secs(61));
        present(&world, &consumer).await.ok().flatten()
    })
    .await?;

    // One that committed, and died before it told the server.
    let mut admin = PgConnection::connect(&world.database.admin_url()).await?;
    let left = sqlx::query(
        "UPDATE facts_reader SET wanted = false, version = version + 1, due_at = '2026-01-01', leased_until = NULL",
    )
    .execute(&mut admin)
    .await?;
    assert_eq!(left.rows_affected(), 1);
    eventually("it is gone", SOON, async || {
        present(&world, &consumer).await.ok()?.is_none().then_some(())
    })
    .await?;
    let settled = eventually("nothing is left to do", SOON, async || {
        let row: (Option<String>,) = sqlx::query_as("SELECT due_at::text FROM facts_reader")
            .fetch_one(&mut admin)
            .await
            .ok()?;
        row.0.is_none().then_some(())
    });
    settled
        .await
        .context("a reader that nobody wants is not looked after")?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn facts_are_given_to_nobody_unless_the_operator_says_so() -> Tested {
    let world = World::with(&[("HOMING_CONVERSATION_FACTS_SCOPE", "false")]).await?;
    let scopes = vec![proto::Scope::Read.into(), proto::Scope::Facts.into()];
    let request = proto::CreateIntegrationRequest {
        workspace: "acme".into(),
        integration: "social".into(),
        scopes: scopes.clone(),
    };
    let mut workspaces = world.workspaces.clone();
    let refused = why(workspaces.create_integration(request.clone()).await);
    assert_eq!(refused, ("request.invalid", "scopes".into()));
    let request = proto::CreateIntegrationRequest {
        scopes: vec![proto::Scope::Read.into()],
        ..request
    };
    workspaces.create_integration(request).await?;
    let request = proto::UpdateIntegrationRequest {
        workspace: "acme".into(),
        integration: "social".into(),
        scopes,
        ..Default::default()
    };
    let refused = why(workspaces.update_integration(request).await);
    assert_eq!(refused, ("request.invalid", "scopes".into()));
    world.end().await;
    Ok(())
}
