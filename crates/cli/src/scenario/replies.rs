//! Step 9 of the main job: what customers write by text.

use anyhow::{Context, Result, ensure};
use events::common::{AuthorRole, MessageKind};
use events::event::FollowUpEnd;
use rpc::notifier::{Delivery, DeliveryStatus};

use super::expect::soon;
use super::main_job::{ended, explained, leave};
use super::sinks::return_link;
use super::world::PROMPT_CHANNEL;
use super::{Customer, World};

/// Answers the text by text: the words stand in the conversation, and the follow-up ends because of them.
pub async fn answers(world: &World) -> Result<Customer> {
    let (iga, words) = (&world.iga, "Yes, to my old address please.");
    let mut customer = world
        .customer(PROMPT_CHANNEL, "Can you send it to me?", iga.given())
        .await?;
    world.sinks.nth_text(&iga.phone, 1).await?;
    leave(world, &mut customer).await?;
    world.answer(&customer, "We can. Shall we?").await?;
    world.sinks.nth_text(&iga.phone, 2).await?;
    settled(world, &customer, MessageKind::Sms, DeliveryStatus::Delivered).await?;
    world.write_text(iga, words).await?;
    let messages = world.clients.messages(&customer.conversation).await?;
    let last = messages.last().context("an empty conversation")?;
    ensure!(
        messages.len() == 3 && last.author() == AuthorRole::Customer && last.text == words,
        "the words do not stand in the conversation: {messages:?}"
    );
    ended(world, &customer.conversation, FollowUpEnd::Replied).await?;
    Ok(customer)
}

/// Wants no more texts: the next answer goes by mail alone, and explain says why; the link in it works as ever.
pub async fn stops(world: &World) -> Result<Customer> {
    let leo = &world.leo;
    let mut customer = world
        .customer(PROMPT_CHANNEL, "Is it broken for good?", leo.given())
        .await?;
    world.sinks.nth_text(&leo.phone, 1).await?;
    leave(world, &mut customer).await?;
    world.write_text(leo, "STOP").await?;
    world.answer(&customer, "No, we can repair it.").await?;
    let mail = world.sinks.nth_mail(&leo.email, 1).await?;
    settled(world, &customer, MessageKind::Email, DeliveryStatus::Accepted).await?;
    let refused = settled(world, &customer, MessageKind::Sms, DeliveryStatus::Failed).await?;
    ensure!(
        refused.reason == "send.opted_out",
        "the text was refused because of {}",
        refused.reason
    );
    let texts = world.sinks.texts(&leo.phone).await?.len();
    ensure!(texts == 1, "{texts} texts arrived, not the confirmation alone");
    let link = return_link(mail.text.as_deref().unwrap_or_default()).context("no link")?;
    let mut back = world.follow_link(link).await?;
    back.shown(3).await?;
    back.read(3).await?;
    soon("the follow-up ended by the return and the reading", async || {
        let follow_up = ended(world, &customer.conversation, FollowUpEnd::Returned).await?;
        Ok(follow_up
            .end_causes()
            .any(|cause| cause == FollowUpEnd::Read)
            .then_some(()))
    })
    .await?;
    Ok(customer)
}

/// Waits for the follow-up's message of this kind to come to this end.
async fn settled(world: &World, customer: &Customer, kind: MessageKind, status: DeliveryStatus) -> Result<Delivery> {
    soon(&format!("it is {}", status.as_str_name()), async || {
        let explained = explained(world, customer).await?;
        let mut of_follow_up = explained.deliveries.into_iter().filter(|one| !one.follow_up.is_empty());
        Ok(of_follow_up.find(|one| one.kind() == kind && one.status() == status))
    })
    .await
}
