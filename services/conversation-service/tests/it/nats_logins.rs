//! Integrations log in to a real nats-server with their API token.

use crate::Tested;
use crate::world::{SOON, World, ingest_subject};
use async_nats::ConnectOptions;
use async_nats::jetstream;
use domain::WorkspaceId;
use events::event::MessagePosted;
use events::{Fact, Subject};
use nkeys::KeyPair;
use rpc::conversation as proto;
use serde_json::json;
use std::time::Duration;
use testkit::{Nats, NatsOptions, eventually};

/// Of every user in the configuration.
const PASSWORD: &str = "services-password";

pub struct Guarded {
    nats: Nats,
    seed: String,
    _folder: tempfile::TempDir,
}

/// A nats-server whose services log in with a password and everybody else is asked about.
pub async fn guarded() -> anyhow::Result<Guarded> {
    testkit::install_crypto();
    let (folder, issuer) = (tempfile::tempdir()?, KeyPair::new_account());
    let template = include_str!("../../../../deploy/nats/nats.conf.template");
    let mut config = template.replace("{{ISSUER_PUBLIC_KEY}}", &issuer.public_key());
    for login in events::login::logins() {
        let placeholder = format!("{{{{{}_PASSWORD}}}}", login.name.to_uppercase());
        config = config.replace(&placeholder, PASSWORD);
    }
    // The test itself looks on.
    let looker = format!("users: [\n    {{ user: looker, password: {PASSWORD} }}\n");
    config = config
        .replacen("users: [\n", &looker, 1)
        .replace("operator ]", "operator, looker ]");
    let path = folder.path().join("nats.conf");
    std::fs::write(&path, config)?;
    let nats = Nats::start(NatsOptions {
        config: Some(path),
        ..Default::default()
    })
    .await?;
    Ok(Guarded {
        nats,
        seed: issuer.seed()?,
        _folder: folder,
    })
}

impl Guarded {
    fn url_of(&self, user: &str) -> String {
        self.nats
            .url()
            .replace("nats://", &format!("nats://{user}:{PASSWORD}@"))
    }

    pub async fn world(&self) -> anyhow::Result<World> {
        World::on(&self.url_of("looker"), &self.url_of("conversation"), &self.seed).await
    }

    pub async fn log_in(&self, user: &str, token: &str) -> Result<async_nats::Client, async_nats::ConnectError> {
        ConnectOptions::with_user_and_password(user.to_owned(), token.to_owned())
            .custom_inbox_prefix(format!("_INBOX.{user}"))
            .connect(self.nats.url())
            .await
    }
}

pub async fn integration(world: &World, workspace: &str, scope: proto::Scope) -> anyhow::Result<(String, String)> {
    let request = proto::CreateIntegrationRequest {
        workspace: workspace.into(),
        integration: format!("helpdesk-{}", scope as i32),
        scopes: vec![scope.into()],
    };
    let made = world.workspaces.clone().create_integration(request).await?.into_inner();
    Ok((made.nats_user, made.token))
}

#[tokio::test]
async fn an_integration_publishes_below_its_own_prefix_only() -> Tested {
    let guarded = guarded().await?;
    let world = guarded.world().await?;
    let (user, token) = integration(&world, "acme", proto::Scope::Ingest).await?;
    let client = eventually("a login", SOON, async || guarded.log_in(&user, &token).await.ok()).await?;
    let publisher = jetstream::context::ContextBuilder::new()
        .timeout(Duration::from_millis(400))
        .build(client.clone());
    let event = json!({
        "specversion": "1.0", "id": "e-1", "source": "helpdesk-1", "type": "homing.message.v1", "subject": "t-1",
        "time": "2026-01-31T12:00:00Z", "data": {"channel": "web", "author": {"role": "agent"}, "text": "Hello"}
    });
    let payload = || bytes::Bytes::from(event.to_string());
    publisher
        .publish(ingest_subject("acme", "helpdesk-1", "message")?, payload())
        .await?
        .await?;
    world.facts::<MessagePosted>(1).await?;

    let fact = Subject::Fact {
        workspace: WorkspaceId::parse("acme")?,
        aggregate: MessagePosted::AGGREGATE.to_owned(),
        event: MessagePosted::EVENT.to_owned(),
    };
    for foreign in [
        ingest_subject("bolt", "helpdesk-1", "message")?,
        ingest_subject("acme", "helpdesk-2", "message")?,
        fact.to_string(),
    ] {
        let refused = publisher.publish(foreign.clone(), payload()).await?.await;
        assert!(refused.is_err(), "{foreign}");
    }
    assert!(publisher.get_stream("HOMING_INGEST").await.is_err(), "no management");
    let mut overheard = client.subscribe(events::FACT_SUBJECTS).await?;
    client.flush().await?;
    let heard = tokio::time::timeout(Duration::from_millis(300), async {
        world.start("r-1").await?;
        world.facts::<MessagePosted>(2).await?;
        anyhow::Ok(futures::StreamExt::next(&mut overheard).await)
    });
    assert!(!matches!(heard.await, Ok(Ok(Some(_)))), "an integration hears no facts");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn nobody_else_comes_in() -> Tested {
    let guarded = guarded().await?;
    let world = guarded.world().await?;
    let (user, token) = integration(&world, "acme", proto::Scope::Ingest).await?;
    let (reader, reading) = integration(&world, "acme", proto::Scope::Read).await?;
    eventually("a login", SOON, async || guarded.log_in(&user, &token).await.ok()).await?;
    let wrong = format!("{}A", &token[..token.len() - 1]);
    for (who, password) in [
        (user.as_str(), wrong.as_str()),
        (user.as_str(), ""),
        ("bolt.helpdesk-1", token.as_str()),
        (reader.as_str(), reading.as_str()),
        ("conversation", "guessed"),
    ] {
        let refused = guarded.log_in(who, password).await;
        assert!(refused.is_err(), "{who}");
    }
    assert!(async_nats::connect(guarded.nats.url()).await.is_err(), "without a name");
    let rotate = proto::RotateIntegrationTokenRequest {
        workspace: "acme".into(),
        integration: "helpdesk-1".into(),
    };
    let next = world
        .workspaces
        .clone()
        .rotate_integration_token(rotate)
        .await?
        .into_inner()
        .token;
    assert!(guarded.log_in(&user, &token).await.is_err(), "the old token");
    assert!(guarded.log_in(&user, &next).await.is_ok(), "the new token");
    world.end().await;
    Ok(())
}
