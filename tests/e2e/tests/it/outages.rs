//! Servers that are killed in the middle of the main job, and a process that stands still for longer than its lease.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::scenario::{ArrivedMail, Customer, TEXT_CHANNEL, World, main_job};
use cli::stack::{Service, Stack, StackOptions};
use events::event::FollowUpEnd;
use rpc::notifier::DeliveryStatus;
use serde_json::json;
use testkit::{SmsFault, eventually};

use crate::kills::sent_once;
use crate::provider_call::{links, nothing_more, settled, text_of};

/// A lease of a claimed send ends after 30 s, and the machine may be busy.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(90);
const BACK_WITHIN: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_may_be_killed_in_the_middle_of_the_main_job() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = without_nats(&mut stack).await;
    crate::shown(stack, result).await
}

async fn without_nats(stack: &mut Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let mut customer = main_job::write(&world).await?;
    main_job::leave(&world, &mut customer).await?;
    stack.nats.kill().await?;
    // Answered over HTTP: committed while nobody can be told.
    answer_over_http(&world, &customer).await?;
    stack.nats.restart().await?;
    main_job::text(&world, &customer).await?;
    stack.nats.kill().await?;
    stack.nats.restart().await?;
    let mail = main_job::mail(&world).await?;
    stack.nats.kill().await?;
    stack.nats.restart().await?;
    finish(stack, &world, &customer, &mail).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_may_be_killed_in_the_middle_of_the_main_job() -> Result<()> {
    testkit::install_crypto();
    let mut stack = Stack::start(StackOptions {
        time_scale: 60.0,
        // What was committed outlives the kill.
        durable: true,
        ..StackOptions::default()
    })
    .await?;
    let result = without_postgresql(&mut stack).await;
    crate::shown(stack, result).await
}

async fn without_postgresql(stack: &mut Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let mut customer = main_job::write(&world).await?;
    stack.postgres.kill().await?;
    stack.postgres.restart().await?;
    main_job::leave(&world, &mut customer).await?;
    stack.postgres.kill().await?;
    // The stream has the answer, and nobody can write it down.
    world.answer(&customer, main_job::ANSWER).await?;
    stack.postgres.restart().await?;
    main_job::text(&world, &customer).await?;
    stack.postgres.kill().await?;
    stack.postgres.restart().await?;
    let mail = main_job::mail(&world).await?;
    finish(stack, &world, &customer, &mail).await
}

/// The customer comes back; everything was sent once and is paid for; no service has ended.
async fn finish(stack: &mut Stack, world: &World, customer: &Customer, mail: &ArrivedMail) -> Result<()> {
    main_job::come_back(world, customer, mail).await?;
    main_job::ended(world, &customer.conversation, FollowUpEnd::Returned).await?;
    main_job::captured(world, 3).await?;
    sent_once(world).await?;
    stack.check()
}

/// The agent's answer through the public API.
async fn answer_over_http(world: &World, customer: &Customer) -> Result<()> {
    let gateway = &world.endpoints.gateway;
    let url = format!("{gateway}/v1/conversations/{}/messages", customer.conversation);
    let body = json!({ "client_id": "answer", "text": main_job::ANSWER, "agent": "ana" });
    let http = reqwest::Client::builder().no_proxy().build()?;
    let answer = http.post(url).bearer_auth(&world.integration.token).json(&body).send();
    let answer = answer.await?;
    ensure!(answer.status().is_success(), "answered {}", answer.status());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notifier_that_stands_still_in_a_send_is_replaced_and_wakes_up_in_vain() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = standing_still(&mut stack).await;
    crate::shown(stack, result).await
}

/// Three sends are in one notifier's hands when it stops: one that the provider took, one that it did not take, and one
/// that is still being checked. Another process carries on after the lease; then the first one wakes up.
async fn standing_still(stack: &mut Stack) -> Result<()> {
    let endpoints = || stack.endpoints.clone();
    let (taken, lost) = (World::set_up(endpoints()).await?, World::set_up(endpoints()).await?);
    let checked = World::set_up(endpoints()).await?;
    let of_taken = gone(&taken).await?;
    let of_lost = gone(&lost).await?;
    let of_checked = gone(&checked).await?;
    let all = [(&taken, &of_taken), (&lost, &of_lost), (&checked, &of_checked)];

    let calls = stack.sms.calls();
    stack.sms.fail_next(SmsFault::AcceptThenHang);
    stack.sms.fail_next(SmsFault::Hang);
    taken.answer(&of_taken, main_job::ANSWER).await?;
    lost.answer(&of_lost, main_job::ANSWER).await?;
    eventually("the provider is called twice", BACK_WITHIN, async || {
        (stack.sms.calls() >= calls + 2).then_some(())
    })
    .await?;
    stack.signal(Service::Billing, "STOP").await?;
    checked.answer(&of_checked, main_job::ANSWER).await?;
    eventually("the third send is being checked", BACK_WITHIN, async || {
        let text = text_of(&checked, &of_checked.conversation).await.ok().flatten()?;
        (text.status() == DeliveryStatus::Checking).then_some(())
    })
    .await?;
    stack.signal(Service::Notifier, "STOP").await?;
    stack.signal(Service::Billing, "CONT").await?;

    stack.add_replica(Service::Notifier).await?;
    for (world, _) in all {
        eventually("the text goes out", TAKEN_OVER_WITHIN, async || {
            (links(stack, world).len() == 2).then_some(())
        })
        .await?;
        main_job::captured(world, 2).await?;
    }
    stack.signal(Service::Notifier, "CONT").await?;
    for (world, customer) in all {
        let status = eventually("the one that woke up tells how it ended", BACK_WITHIN, async || {
            let text = text_of(world, &customer.conversation).await.ok().flatten()?;
            settled(text.status()).then_some(text.status())
        })
        .await?;
        ensure!(
            matches!(status, DeliveryStatus::Accepted | DeliveryStatus::Delivered),
            "it is shown as {}",
            status.as_str_name()
        );
    }
    nothing_more(stack, &[&taken, &lost, &checked]).await?;
    for (world, _) in all {
        main_job::captured(world, 2).await.context("once more")?;
        world.books_agree().await?;
    }
    stack.check()
}

/// A customer who wrote and left, on a channel that sends texts only.
async fn gone(world: &World) -> Result<Customer> {
    let mut customer = main_job::write_on(world, TEXT_CHANNEL).await?;
    main_job::leave(world, &mut customer).await?;
    Ok(customer)
}
