//! Who may do what, asked of a real nats-server with the catalogue's users: each subject that matters, each user.

use async_nats::{Client, ConnectOptions, Event, ServerError};
use bus::{Bus, BusConfig, ConsumerSpec, Handler, StreamSizes};
use domain::{IntegrationId, WorkspaceId};
use events::login::{inbox, logins};
use events::{
    DEAD, DEAD_SUBJECTS, FACT_SUBJECTS, FACTS, Fact, INGEST, INGEST_SUBJECTS, Received, Subject, dead_letter, event,
    fact_filter, signal,
};
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

/// A subject, and the users who may use it.
type Right = (String, &'static [&'static str]);

fn acme() -> WorkspaceId {
    WorkspaceId::parse("acme").expect("a slug")
}

fn fact<F: Fact>() -> String {
    let (workspace, aggregate, event) = (acme(), F::AGGREGATE.into(), F::EVENT.into());
    Subject::Fact {
        workspace,
        aggregate,
        event,
    }
    .to_string()
}

fn ingest(event: &str) -> String {
    let integration = IntegrationId::parse("helpdesk").expect("a slug");
    let (workspace, event) = (acme(), event.into());
    Subject::Ingest {
        workspace,
        integration,
        event,
    }
    .to_string()
}

/// A subject and the users who may publish to it.
fn to_publish() -> Vec<Right> {
    vec![
        (fact::<event::VisitorPresenceChanged>(), &["presence", "operator"]),
        (fact::<event::MessagePosted>(), &["conversation", "operator"]),
        (fact::<event::WorkspaceCreated>(), &["conversation", "operator"]),
        (fact::<event::DeliveryAccepted>(), &["notifier", "operator"]),
        (fact::<event::FollowUpEnded>(), &["notifier", "operator"]),
        (fact::<event::ChargeCaptured>(), &["billing", "operator"]),
        (fact::<event::AgentAvailabilityChanged>(), &["routing", "operator"]),
        (fact::<event::CardChanged>(), &["conversation", "operator"]),
        (fact::<event::MembershipChanged>(), &["conversation", "operator"]),
        (fact::<event::OpeningHoursChanged>(), &["conversation", "operator"]),
        (fact::<event::TeamStaffingChanged>(), &["routing", "operator"]),
        (fact::<event::InvitationChanged>(), &["routing", "operator"]),
        (fact::<event::RequestChanged>(), &["routing", "operator"]),
        ("$JS.API.CONSUMER.MSG.NEXT.HOMING_FACTS.routing".into(), &["routing"]),
        (dead_letter(Some(&acme()), "routing"), &["routing"]),
        (ingest("message"), &["operator"]),
        (dead_letter(Some(&acme()), "notifier"), &["notifier"]),
        (dead_letter(Some(&acme()), "conversation-ingest"), &["conversation"]),
        (ingest("order_placed"), &["operator"]),
        (dead_letter(Some(&acme()), "contacts-orders"), &["contacts"]),
        (
            "$JS.API.CONSUMER.CREATE.HOMING_ORDERS.contacts-orders".into(),
            &["contacts"],
        ),
        (
            "$JS.API.CONSUMER.MSG.NEXT.HOMING_ORDERS.contacts-orders".into(),
            &["contacts"],
        ),
        ("$JS.ACK.HOMING_ORDERS.contacts-orders.1.1.1.1.0".into(), &["contacts"]),
        ("$JS.API.STREAM.UPDATE.HOMING_ORDERS".into(), &["contacts"]),
        (signal::tab(3), &["gateway"]),
        (signal::LEASE.into(), &["gateway"]),
        (signal::CLOSED.into(), &["gateway"]),
        (signal::snapshot("g"), &["presence"]),
        (
            "$JS.API.CONSUMER.CREATE.HOMING_INGEST.conversation-ingest".into(),
            &["conversation"],
        ),
        ("$JS.API.CONSUMER.CREATE.HOMING_INGEST.own".into(), &["conversation"]),
        ("$JS.API.CONSUMER.CREATE.HOMING_INGEST".into(), &[]),
        ("$JS.API.CONSUMER.DURABLE.CREATE.HOMING_INGEST.own".into(), &[]),
        (
            "$JS.API.CONSUMER.MSG.NEXT.HOMING_INGEST.conversation-ingest".into(),
            &["conversation"],
        ),
        ("$JS.API.CONSUMER.MSG.NEXT.HOMING_FACTS.billing".into(), &["billing"]),
        ("$JS.API.CONSUMER.MSG.NEXT.HOMING_FACTS.notifier".into(), &["notifier"]),
        // It lends consumers of facts to integrations.
        (
            "$JS.API.CONSUMER.DELETE.HOMING_FACTS.notifier".into(),
            &["conversation"],
        ),
        (
            "$JS.API.CONSUMER.CREATE.HOMING_FACTS.facts_acme_crm.homing.v1.fact.acme.>".into(),
            &["conversation"],
        ),
        ("$JS.API.CONSUMER.CREATE.HOMING_FACTS.facts_acme_crm".into(), &[]),
        (
            "$JS.API.CONSUMER.CREATE.HOMING_FACTS.facts_acme_crm.homing.v1.>".into(),
            &[],
        ),
        ("$JS.API.CONSUMER.MSG.NEXT.HOMING_FACTS.facts_acme_crm".into(), &[]),
        ("$JS.API.CONSUMER.DELETE.HOMING_INGEST.old".into(), &["conversation"]),
        ("$JS.ACK.HOMING_FACTS.notifier.1.1.1.1.0".into(), &["notifier"]),
        (
            "$JS.ACK.HOMING_INGEST.conversation-ingest.1.1.1.1.0".into(),
            &["conversation"],
        ),
        ("$JS.API.STREAM.MSG.GET.HOMING_INGEST".into(), &[]),
        ("$JS.API.STREAM.MSG.GET.HOMING_DEAD".into(), &["operator", "contacts"]),
        (
            "$JS.API.STREAM.MSG.GET.HOMING_FACTS".into(),
            &["presence", "conversation", "routing", "notifier", "billing", "operator"],
        ),
        ("$JS.API.STREAM.MSG.GET.HOMING_HISTORY".into(), &["operator"]),
        ("$JS.API.STREAM.UPDATE.HOMING_HISTORY".into(), &["conversation"]),
        ("$JS.API.DIRECT.GET.HOMING_INGEST".into(), &[]),
        ("$JS.API.STREAM.CREATE.HOMING_INGEST".into(), &["conversation"]),
        ("$JS.API.STREAM.UPDATE.HOMING_FACTS".into(), &["conversation"]),
        ("$JS.API.STREAM.UPDATE.HOMING_INGEST".into(), &["conversation"]),
        ("$JS.API.STREAM.CREATE.OTHER".into(), &[]),
        ("$JS.API.STREAM.DELETE.HOMING_FACTS".into(), &[]),
        ("$JS.API.STREAM.PURGE.HOMING_FACTS".into(), &[]),
        ("$JS.API.STREAM.LIST".into(), &[]),
        ("_INBOX_billing.answer".into(), &[]),
        ("other".into(), &[]),
    ]
}

/// A subject and the users who may hear it.
fn to_hear() -> Vec<Right> {
    vec![
        (">".into(), &[]),
        (FACT_SUBJECTS.replace("fact.>", ">"), &[]),
        (FACT_SUBJECTS.into(), &["operator"]),
        (fact_filter::<event::MessagePosted>(), &["gateway", "operator"]),
        (fact_filter::<event::ChargeCaptured>(), &["operator"]),
        (INGEST_SUBJECTS.into(), &[]),
        (DEAD_SUBJECTS.into(), &["operator"]),
        (signal::TABS.into(), &["presence"]),
        (signal::LEASE.into(), &["presence"]),
        (signal::snapshot("g"), &["gateway"]),
        ("$SYS.REQ.USER.AUTH".into(), &["conversation"]),
        ("$JS.EVENT.>".into(), &[]),
        ("_INBOX.>".into(), &[]),
        ("_INBOX_billing.>".into(), &["billing"]),
        ("_INBOX_operator.>".into(), &["operator"]),
    ]
}

#[tokio::test]
async fn each_user_may_do_what_it_does_and_nothing_else() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (publish, hear) = (to_publish(), to_hear());
    for login in logins() {
        let refused = Refused::default();
        let client = refused.connect(&nats, login.name).await?;
        for (subject, _) in &publish {
            client.publish(subject.clone(), "".into()).await?;
        }
        for (subject, _) in &hear {
            client.subscribe(subject.clone()).await?;
        }
        // The server answers in order: what it refused has been said before this returns.
        client.flush().await?;
        client.request("$JS.API.STREAM.INFO.HOMING_FACTS", "".into()).await?;
        for (verb, table) in [("publish", &publish), ("subscription", &hear)] {
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
    let bus = Bus::connect(&BusConfig { url, name }).await?;
    Ok(bus.with_sizes(StreamSizes::SMALL))
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
async fn a_keeper_with_other_sizes_changes_the_streams() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (routing, conversation) = (connect(&nats, "routing").await?, connect(&nats, "conversation").await?);
    let admin = async_nats::jetstream::new(async_nats::connect(nats.url()).await?);
    let size = async |stream: &events::StreamSpec| {
        let found = admin.get_stream(stream.name).await?;
        anyhow::Ok(found.cached_info().config.max_bytes)
    };
    let small = StreamSizes::SMALL;
    for (stream, wanted) in [(&FACTS, small.facts), (&INGEST, small.ingest), (&DEAD, small.dead)] {
        conversation.ensure_stream(stream).await?;
        assert_eq!(size(stream).await?, wanted, "{}", stream.name);
    }
    let sizes = StreamSizes {
        facts: 3 << 20,
        history: 6 << 20,
        ingest: 4 << 20,
        dead: 5 << 20,
    };
    let (routing, conversation) = (routing.with_sizes(sizes), conversation.with_sizes(sizes));
    routing.ensure_stream(&FACTS).await?;
    assert_eq!(size(&FACTS).await?, small.facts, "not its to change");
    for (stream, wanted) in [(&FACTS, sizes.facts), (&INGEST, sizes.ingest), (&DEAD, sizes.dead)] {
        conversation.ensure_stream(stream).await?;
        assert_eq!(size(stream).await?, wanted, "{}", stream.name);
    }
    Ok(())
}

#[tokio::test]
async fn a_consumer_of_another_service_cannot_be_read() -> anyhow::Result<()> {
    let nats = TestNats::start().await?;
    let (own, foreign) = (connect(&nats, "notifier").await?, connect(&nats, "routing").await?);
    own.ensure_stream(&FACTS).await?;
    let spec = || ConsumerSpec::facts("notifier", vec![fact_filter::<event::MessagePosted>()]);
    let (heard, overheard) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let stop = tokio_util::sync::CancellationToken::new();
    let theirs = tokio::spawn(bus::consume(foreign, spec(), overheard.clone(), stop.clone()));
    let ours = tokio::spawn(bus::consume(own, spec(), heard.clone(), stop.clone()));
    let publisher = async_nats::jetstream::new(async_nats::connect(nats.url()).await?);
    for seq in 0..20 {
        let sent = publisher.publish(fact::<event::MessagePosted>(), format!("{seq}").into());
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
