//! Step 7 of the main job: customers to whom nothing must be sent.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use events::event::FollowUpEnd;
use rpc::notifier::FollowUp;

use super::expect::{PATIENCE, soon};
use super::main_job::{ended, explained, leave};
use super::world::{CHANNEL, PATIENT_CHANNEL, now};
use super::{Customer, Given, Person, World, told};

/// How long after a deadline something would have been sent.
const PAST_THE_DEADLINE: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// Stays and reads, once the panel is open: nothing is sent past the debounce of the answer, because it was read.
pub async fn stays(world: &World) -> Result<Customer> {
    let jan = &world.jan;
    let debounce = world.scaled(world.clients.debounce(CHANNEL).await?);
    let mut customer = world.customer(CHANNEL, "Are you open on Sunday?", jan.given()).await?;
    world.answer(&customer, "Yes, until six.").await?;
    let due = now() + jiff::SignedDuration::try_from(debounce)?;
    opened(world, &customer).await?;
    let so_far = explained(world, &customer).await?;
    ensure!(
        so_far.summary.contains("the customer is on the page"),
        "while the customer is there, explain says: {}",
        so_far.summary
    );
    customer.shown(2).await?;
    customer.read_unseen(2).await?;
    customer.read(2).await?;
    ended(world, &customer.conversation, FollowUpEnd::Read).await?;
    silent_past(world, &customer, jan, due).await?;
    told::nothing_sent(&explained(world, &customer).await?, FollowUpEnd::Read)?;
    Ok(customer)
}

/// Gave no address: the follow-up ends for that reason, and not even a confirmation is sent.
pub async fn unreachable(world: &World) -> Result<Customer> {
    let mut customer = world.customer(CHANNEL, "What does it cost?", Given::default()).await?;
    leave(world, &mut customer).await?;
    world.answer(&customer, "Nine euros.").await?;
    ended(world, &customer.conversation, FollowUpEnd::NoAddress).await?;
    let explained = explained(world, &customer).await?;
    told::nothing_sent(&explained, FollowUpEnd::NoAddress)?;
    ensure!(
        explained.deliveries.is_empty(),
        "there is a delivery without an address"
    );
    Ok(customer)
}

/// Returns within the debounce: the follow-up is cancelled because of it, and nothing is sent past its deadline.
pub async fn returns_in_time(world: &World) -> Result<Customer> {
    let ewa = &world.ewa;
    let mut customer = world.customer(PATIENT_CHANNEL, "Do you deliver?", ewa.given()).await?;
    leave(world, &mut customer).await?;
    world.answer(&customer, "Yes, everywhere.").await?;
    let due = soon("the follow-up has a deadline", async || {
        let follow_up = world.clients.follow_ups(&customer.conversation).await?.pop();
        Ok(follow_up.and_then(|one| events::instant(one.due_at)))
    })
    .await?;
    customer.open_tab().await?;
    customer.shown(2).await?;
    ended(world, &customer.conversation, FollowUpEnd::Returned).await?;
    customer.read(2).await?;
    silent_past(world, &customer, ewa, due).await?;
    let explained = explained(world, &customer).await?;
    told::nothing_sent(&explained, FollowUpEnd::Returned)?;
    let cancelled = explained.timeline.iter().find(|entry| entry.what == "ended");
    let cancelled = cancelled.context("the timeline lacks the end")?;
    ensure!(
        events::instant(cancelled.at).is_some_and(|at| at < due) && told::caused(cancelled, "returned"),
        "the follow-up was not cancelled by the return, before its deadline"
    );
    Ok(customer)
}

/// Waits for the one follow-up of a conversation.
async fn opened(world: &World, customer: &Customer) -> Result<FollowUp> {
    soon("the follow-up is opened", async || {
        Ok(world.clients.follow_ups(&customer.conversation).await?.pop())
    })
    .await
}

/// Nothing but the confirmation text is sent until a deadline has passed, and some time more.
async fn silent_past(world: &World, customer: &Customer, person: &Person, due: jiff::Timestamp) -> Result<()> {
    world.sinks.nth_text(&person.phone, 1).await?;
    let until = due + PAST_THE_DEADLINE;
    let left = Duration::try_from(until.duration_since(now())).unwrap_or_default();
    let silent = testkit::eventually("the deadline passes", left + PATIENCE, async || {
        let checked = only_confirmed(world, person).await;
        (checked.is_err() || now() > until).then_some(checked)
    });
    silent.await??;
    let follow_ups = world.clients.follow_ups(&customer.conversation).await?;
    ensure!(follow_ups.len() == 1, "there are {} follow-ups", follow_ups.len());
    Ok(())
}

/// The confirmation text, and nothing else, has arrived.
async fn only_confirmed(world: &World, person: &Person) -> Result<()> {
    let texts = world.sinks.texts(&person.phone).await?;
    ensure!(
        texts.len() == 1,
        "{} texts were sent, not the confirmation alone",
        texts.len()
    );
    ensure!(world.sinks.mails(&person.email).await?.is_empty(), "a mail was sent");
    Ok(())
}
