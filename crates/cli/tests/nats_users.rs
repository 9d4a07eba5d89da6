//! An integration's rights on a real nats-server.

use std::time::Duration;

use async_nats::jetstream;
use bus::{Bus, BusConfig};
use cli::stack::NatsUsers;
use testkit::{Nats, NatsOptions};

#[tokio::test]
async fn an_integration_publishes_to_its_prefix_and_hears_its_inbox_only() -> anyhow::Result<()> {
    testkit::install_crypto();
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("nats.conf");
    let mut users = NatsUsers::open(&config)?;
    let server = Nats::start(NatsOptions {
        config: Some(config.clone()),
        ..Default::default()
    })
    .await?;
    let operator = BusConfig {
        url: users.services_url(&server.url()),
        name: "operator".to_owned(),
    };
    let operator = Bus::connect(&operator).await?;
    let stream = jetstream::stream::Config {
        name: "SAMPLE".to_owned(),
        subjects: vec!["sample.>".to_owned()],
        ..Default::default()
    };
    jetstream::new(operator.client().clone()).create_stream(stream).await?;

    users.put("acme.helpdesk", "secret", "sample.acme.helpdesk.>")?;
    server.reload().await?;
    let connect = || {
        async_nats::ConnectOptions::with_user_and_password("acme.helpdesk".to_owned(), "secret".to_owned())
            .custom_inbox_prefix("_INBOX.acme.helpdesk")
            .connect(server.url())
    };
    let client = testkit::eventually("the server has reloaded", Duration::from_secs(5), async || {
        connect().await.ok()
    })
    .await?;
    let publisher = jetstream::context::ContextBuilder::new()
        .timeout(Duration::from_secs(1))
        .build(client.clone());
    let own = publisher.publish("sample.acme.helpdesk.message", "x".into()).await?;
    assert_eq!(own.await?.sequence, 1);
    let foreign = publisher.publish("sample.other.helpdesk.message", "x".into()).await?;
    assert!(foreign.await.is_err(), "not its prefix");
    assert!(publisher.get_stream("SAMPLE").await.is_err(), "no management");

    let again = NatsUsers::open(&config)?;
    assert_eq!(
        again.services_url(&server.url()),
        users.services_url(&server.url()),
        "the password is kept"
    );
    Ok(())
}

#[tokio::test]
async fn nobody_comes_in_without_a_password() -> anyhow::Result<()> {
    testkit::install_crypto();
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("nats.conf");
    NatsUsers::open(&config)?;
    let server = Nats::start(NatsOptions {
        config: Some(config),
        ..Default::default()
    })
    .await?;
    assert!(async_nats::connect(server.url()).await.is_err());
    Ok(())
}
