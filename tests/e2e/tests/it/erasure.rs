//! A person is erased while a service of those that have to do it is killed, and then the one that drives it: in the end
//! nothing of the person is in any table or stream.

use anyhow::{Context, Result, ensure};
use bus::{Bus, BusConfig};
use cli::scenario::{ArrivedText, Customer, TEXT_CHANNEL, World, main_job};
use cli::stack::{Service, Stack, StackOptions};
use events::event::FollowUpEnd;
use futures::TryStreamExt;
use rpc::contacts::contact_book_service_client::ContactBookServiceClient;
use rpc::contacts::privacy_service_client::PrivacyServiceClient;
use rpc::contacts::{
    EraseContactRequest, Erasure, ErasureReason, ErasureState, GetErasureRequest, UpdateContactRequest,
};
use serde_json::json;
use std::time::Duration;
use testkit::eventually;
use testkit::servers::tables_with;
use tonic::transport::Channel;

const SOON: Duration = Duration::from_secs(30);
/// Words of the person, each in another place.
const CANARIES: [&str; 6] = [
    "Kanarina",
    "canary-question",
    "canary-answer",
    "canary-page",
    "canary-value",
    "canary-letter",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_is_found_in_no_table_and_no_stream_though_services_were_killed_meanwhile() -> Result<()> {
    testkit::install_crypto();
    let mut stack = Stack::start(StackOptions {
        time_scale: 60.0,
        unrestricted: true,
        settings: vec![("HOMING_CONTACTS_ERASURE_WAIT_MS".to_owned(), "1000".to_owned())],
        ..StackOptions::default()
    })
    .await?;
    let result = erased(&mut stack).await;
    crate::shown(stack, result).await
}

async fn erased(stack: &mut Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let customer = told_and_left(&world).await?;
    let contact = world.clients.contact(&world.ola.phone).await?.contact;
    fill_in(stack, &world, &contact).await?;
    let phone = world.ola.phone[3..].to_owned();
    let canaries: Vec<&str> = CANARIES.into_iter().chain([phone.as_str(), &world.ola.email]).collect();
    let kept = [
        found_in_tables(stack, &canaries).await?,
        found_in_streams(stack, &canaries).await?,
    ]
    .concat();
    for canary in &canaries {
        let canary = canary.to_lowercase();
        ensure!(
            kept.iter().any(|place| place.ends_with(&canary)),
            "{canary} is kept nowhere: {kept:?}"
        );
    }

    stack.kill(Service::Notifier).await?;
    let request = EraseContactRequest {
        workspace: world.workspace.clone(),
        request_id: "e-1".into(),
        contact,
        reason: ErasureReason::Requested.into(),
        by: "privacy desk".into(),
    };
    let begun = privacy(stack)?.erase_contact(request).await?.into_inner().erasure;
    let begun = begun.context("no erasure")?.erasure;
    until(stack, &world, &begun, "the notifier's part fails", |told| {
        told.steps
            .iter()
            .any(|step| step.step == "notifier" && step.failures > 0)
    })
    .await?;
    stack.kill(Service::Contacts).await?;
    stack.restart(Service::Contacts).await?;
    stack.restart(Service::Notifier).await?;
    let done = until(stack, &world, &begun, "all is done", |told| {
        told.state() == ErasureState::Done
    })
    .await?;

    let left = [
        found_in_tables(stack, &canaries).await?,
        found_in_streams(stack, &canaries).await?,
    ]
    .concat();
    ensure!(left.is_empty(), "left after {done:?}: {left:?}");
    main_job::ended(&world, &customer.conversation, FollowUpEnd::Erased).await?;
    ensure!(
        world.sinks.mails(&world.ola.email).await?.is_empty(),
        "the mail went out"
    );
    ensure!(
        world.clients.contact(&world.ola.phone).await.is_err(),
        "the person is still known"
    );
    world.books_agree().await?;
    stack.check()
}

/// Somebody writes, gives everything, leaves, and is told of an answer by text; the mail would follow a day later.
async fn told_and_left(world: &World) -> Result<Customer> {
    let mut customer = world.visitor(TEXT_CHANNEL).await?;
    let start = json!({
        "type": "start", "client_id": "c-1", "text": "canary-question", "page_url": "http://localhost/canary-page",
        "name": "Kanarina", "phone": &world.ola.phone[3..], "email": world.ola.email,
    });
    let started = customer.ask(start.to_string()).await?;
    let conversation = started["conversation"]
        .as_str()
        .with_context(|| format!("answered {started}"))?;
    customer.conversation = conversation.to_owned();
    let confirmed: ArrivedText = world.sinks.nth_text(&world.ola.phone, 1).await?;
    ensure!(!confirmed.body.is_empty(), "an empty confirmation");
    main_job::leave(world, &mut customer).await?;
    world.answer(&customer, "canary-answer").await?;
    world.sinks.nth_text(&world.ola.phone, 2).await?;
    Ok(customer)
}

/// A custom value, and an event about the person that nobody can read.
async fn fill_in(stack: &Stack, world: &World, contact: &str) -> Result<()> {
    let fields = UpdateContactRequest {
        workspace: world.workspace.clone(),
        contact: contact.to_owned(),
        mask: Some(prost_types::FieldMask {
            paths: vec!["data.note".into()],
        }),
        data: [("note".to_owned(), "canary-value".to_owned())].into(),
        by: "crm".into(),
        ..Default::default()
    };
    ContactBookServiceClient::new(to_contacts(stack)?)
        .update_contact(fields)
        .await?;
    let wrong = json!({"specversion": "1.0", "id": "e-1", "source": "helpdesk", "type": "homing.message.v1", "subject": "ticket-1",
        "time": "2026-11-21T10:00:00Z", "data": {"text": 5, "note": format!("canary-letter of {}", world.ola.email)}});
    world
        .integration
        .publish_bytes("message", wrong.to_string().into_bytes())
        .await?;
    eventually("the event is a dead letter", SOON, async || {
        let found = found_in_streams(stack, &["canary-letter"]).await.ok()?;
        found.iter().any(|place| place.starts_with("HOMING_DEAD")).then_some(())
    })
    .await?;
    Ok(())
}

fn to_contacts(stack: &Stack) -> Result<Channel> {
    Ok(rpc::connect(&stack.endpoints.services["contacts"])?)
}

fn privacy(stack: &Stack) -> Result<PrivacyServiceClient<Channel>> {
    Ok(PrivacyServiceClient::new(to_contacts(stack)?))
}

async fn until(
    stack: &Stack,
    world: &World,
    erasure: &str,
    what: &str,
    wanted: impl Fn(&Erasure) -> bool,
) -> Result<Erasure> {
    let found = eventually(what, SOON, async || {
        let request = GetErasureRequest {
            workspace: world.workspace.clone(),
            erasure: erasure.to_owned(),
        };
        let told = privacy(stack)
            .ok()?
            .get_erasure(request)
            .await
            .ok()?
            .into_inner()
            .erasure?;
        wanted(&told).then_some(told)
    });
    Ok(found.await?)
}

/// Every column of every table of every service.
async fn found_in_tables(stack: &Stack, canaries: &[&str]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for service in Service::ALL {
        let here = tables_with(&stack.postgres.url(service.short()), canaries).await?;
        found.extend(here.into_iter().map(|place| format!("{service}.{place}")));
    }
    Ok(found)
}

/// Every message of every stream, with its subject and headers.
async fn found_in_streams(stack: &Stack, canaries: &[&str]) -> Result<Vec<String>> {
    let config = BusConfig {
        url: stack.nats_url(None),
        name: "search".to_owned(),
    };
    let context = async_nats::jetstream::new(Bus::connect(&config).await?.client().clone());
    let names: Vec<String> = context.stream_names().try_collect().await?;
    ensure!(names.len() >= 5, "only {names:?} were found to be searched");
    let mut found = Vec::new();
    for name in names {
        let stream = context.get_stream(&name).await?;
        let mut sequence = stream.cached_info().state.first_sequence.max(1);
        while sequence <= stream.cached_info().state.last_sequence {
            let Ok(message) = stream.get_first_raw_message_by_subject(">", sequence).await else {
                break;
            };
            let headers: Vec<String> = message
                .headers
                .iter()
                .map(|(name, values)| format!("{name}: {values:?}"))
                .collect();
            let text = [
                message.subject.as_str(),
                &headers.join("\n"),
                &String::from_utf8_lossy(&message.payload),
            ]
            .join("\n");
            let text = text.to_lowercase();
            let here = canaries
                .iter()
                .map(|canary| canary.to_lowercase())
                .filter(|canary| text.contains(canary));
            found.extend(here.map(|canary| format!("{name} {}: {canary}", message.subject)));
            sequence = message.sequence + 1;
        }
    }
    Ok(found)
}
