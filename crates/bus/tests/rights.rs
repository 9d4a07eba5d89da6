//! Who may do what, asked of a real nats-server with the catalogue's users: each subject that matters, each user.

use async_nats::{Client, ConnectOptions, Event, ServerError};
use bus::{Bus, BusConfig, ConsumerSpec, Handler};
use events::login::{inbox, logins};
use events::{DEAD, FACTS, INGEST, Received};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::TestNats;

/// What the server refused to one user.
#[derive(Clone, Default)]
struct Refused(Arc<Mutex<Vec<String>>>);

impl Refused {
    async fn connect(&self, nats: &TestNats, user: &str) -> anyhow::Result<Client> {
        let refused = self.clone();
        let options = ConnectOptions::with_user_and_password(user.into(), user.into())
            .custom_inbox_prefix(inbox(user))
            .event_callback(move |event| {
                if let Event::ServerError(ServerError::Other(text)) = event {
                    refused
                        .0
                        .lock()
                        .expect("no test panics while holding it")
                        .push(text.to_lowercase());
                }
                std::future::ready(())
            });
        Ok(options.connect(nats.url()).await?)
    }

    fn about(&self, verb: &str, subject: &str) -> bool {
        let all = self.0.lock().expect("no test panics while holding it");
        let wanted = format!("{verb} to \"{}\"", subject.to_lowercase());
        all.iter().any(|text| text.contains(&wanted))
    }
}

/// A subject and the users who may publish to it.
const PUBLISH: &[(&str, &[&str])] = &[
    (
        "homing.v1.fact.acme.visitor.presence_changed",
        &["presence", "operator"],
    ),
    ("homing.v1.fact.acme.message.posted", &["conversation", "operator"]),
    ("homing.v1.fact.acme.workspace.created", &["conversation", "operator"]),
    ("homing.v1.fact.acme.delivery.accepted", &["notifier", "operator"]),
    ("homing.v1.fact.acme.follow_up.ended", &["notifier", "operator"]),
    ("homing.v1.fact.acme.charge.captured", &["billing", "operator"]),
    (
        "homing.v1.fact.acme.agent.availability_changed",
        &["routing", "operator"],
    ),
    ("homing.v1.ingest.acme.helpdesk.message", &["operator"]),
    ("homing.v1.dead.acme.notifier", &["notifier"]),
    ("homing.v1.dead.acme.conversation-ingest", &["conversation"]),
    ("homing.v1.signal.tab.3", &["gateway"]),
    ("homing.v1.signal.lease", &["gateway"]),
    ("homing.v1.signal.closed", &["gateway"]),
    ("homing.v1.signal.snapshot.g", &["presence"]),
    (
        "$JS.API.CONSUMER.CREATE.HOMING_INGEST.conversation-ingest",
        &["conversation"],
    ),
    ("$JS.API.CONSUMER.CREATE.HOMING_INGEST.own", &[]),
    ("$JS.API.CONSUMER.CREATE.HOMING_INGEST", &[]),
    ("$JS.API.CONSUMER.DURABLE.CREATE.HOMING_INGEST.own", &[]),
    (
        "$JS.API.CONSUMER.MSG.NEXT.HOMING_INGEST.conversation-ingest",
        &["conversation"],
    ),
    ("$JS.API.CONSUMER.MSG.NEXT.HOMING_FACTS.billing", &["billing"]),
    ("$JS.API.CONSUMER.MSG.NEXT.HOMING_FACTS.notifier", &["notifier"]),
    ("$JS.API.CONSUMER.DELETE.HOMING_FACTS.notifier", &[]),
    ("$JS.ACK.HOMING_FACTS.notifier.1.1.1.1.0", &["notifier"]),
    ("$JS.ACK.HOMING_INGEST.conversation-ingest.1.1.1.1.0", &["conversation"]),
    ("$JS.API.STREAM.MSG.GET.HOMING_INGEST", &[]),
    ("$JS.API.STREAM.MSG.GET.HOMING_DEAD", &["operator"]),
    ("$JS.API.DIRECT.GET.HOMING_INGEST", &[]),
    ("$JS.API.STREAM.CREATE.HOMING_INGEST", &["conversation"]),
    ("$JS.API.STREAM.UPDATE.HOMING_FACTS", &["conversation"]),
    ("$JS.API.STREAM.UPDATE.HOMING_INGEST", &["conversation"]),
    ("$JS.API.STREAM.CREATE.OTHER", &[]),
    ("$JS.API.STREAM.DELETE.HOMING_FACTS", &[]),
    ("$JS.API.STREAM.PURGE.HOMING_FACTS", &[]),
    ("$JS.API.STREAM.LIST", &[]),
    ("_INBOX_billing.answer", &[]),
    ("other", &[]),
];

/// A subject and the users who may hear it.
const SUBSCRIBE: &[(&str, &[&str])] = &[
    (">", &[]),
    ("homing.v1.>", &[]),
    ("homing.v1.fact.>", &["operator"]),
    ("homing.v1.fact.*.message.posted", &["gateway", "operator"]),
    ("homing.v1.fact.*.charge.captured", &["operator"]),
    ("homing.v1.ingest.>", &[]),
    ("homing.v1.dead.>", &["operator"]),
    ("homing.v1.signal.tab.*", &["presence"]),
    ("homing.v1.signal.lease", &["presence"]),
    ("homing.v1.signal.snapshot.g", &["gateway"]),
    ("$SYS.REQ.USER.AUTH", &["conversation"]),
    ("$JS.EVENT.>", &[]),
    ("_INBOX.>", &[]),
    ("_INBOX_billing.>", &["billing"]),
    ("_INBOX_operator.>", &["operator"]),
];

#[tokio::test]
async fn each_user_may_do_what_it_does_and_nothing_else() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    for login in logins() {
        let refused = Refused::default();
        let client = refused.connect(&nats, login.name).await?;
        for (subject, _) in PUBLISH {
            client.publish(*subject, "".into()).await?;
        }
        for (subject, _) in SUBSCRIBE {
            client.subscribe(*subject).await?;
        }
        // The server answers in order: what it refused has been said before this returns.
        client.flush().await?;
        client.request("$JS.API.STREAM.INFO.HOMING_FACTS", "".into()).await?;
        for (verb, table) in [("publish", PUBLISH), ("subscription", SUBSCRIBE)] {
            for (subject, may) in table {
                let allowed = !refused.about(verb, subject);
                assert_eq!(
                    allowed,
                    may.contains(&login.name),
                    "{}: {verb} to {subject}",
                    login.name
                );
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Handler for Count {
    async fn handle(&self, _: Received) -> fault::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn connect(nats: &TestNats, user: &str) -> fault::Result<Bus> {
    let (url, name) = (nats.url_of(user), user.to_owned());
    Bus::connect(&BusConfig { url, name }).await
}

#[tokio::test]
async fn streams_are_made_by_who_needs_them_and_changed_by_their_keeper() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (routing, conversation) = (connect(&nats, "routing").await?, connect(&nats, "conversation").await?);
    routing.ensure_stream(&FACTS).await?;
    let short = events::StreamSpec {
        max_age: Duration::from_secs(600),
        ..FACTS
    };
    let admin = async_nats::jetstream::new(async_nats::connect(nats.url()).await?);
    let age = async || anyhow::Ok(admin.get_stream(FACTS.name).await?.cached_info().config.max_age);
    routing.ensure_stream(&short).await?;
    assert_eq!(age().await?, FACTS.max_age, "not its to change");
    conversation.ensure_stream(&short).await?;
    assert_eq!(age().await?, short.max_age);
    for stream in [&INGEST, &DEAD] {
        conversation.ensure_stream(stream).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_consumer_of_another_service_cannot_be_read() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (own, foreign) = (connect(&nats, "notifier").await?, connect(&nats, "routing").await?);
    own.ensure_stream(&FACTS).await?;
    let spec = || ConsumerSpec::facts("notifier", vec!["homing.v1.fact.*.message.posted".into()]);
    let (heard, overheard) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let stop = tokio_util::sync::CancellationToken::new();
    let theirs = tokio::spawn(bus::consume(foreign, spec(), overheard.clone(), stop.clone()));
    let ours = tokio::spawn(bus::consume(own, spec(), heard.clone(), stop.clone()));
    let publisher = async_nats::jetstream::new(async_nats::connect(nats.url()).await?);
    for seq in 0..20 {
        let sent = publisher.publish("homing.v1.fact.acme.message.posted", format!("{seq}").into());
        sent.await?.await?;
    }
    let count = |one: &Count| one.0.load(Ordering::SeqCst);
    testkit::eventually("the owner hears all", Duration::from_secs(10), async || {
        (count(&heard) == 20).then_some(())
    })
    .await?;
    assert_eq!(count(&overheard), 0);
    stop.cancel();
    tokio::try_join!(ours, theirs)?;
    Ok(())
}
