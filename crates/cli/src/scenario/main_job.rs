//! The main job, step by step: a customer leaves, an agent answers, Homing brings the customer back.

use anyhow::{Context, Result, ensure};
use events::common::{PresenceCause, PresenceState};
use events::event::{DeliveryPurpose, FollowUpEnd};
use rpc::billing::{Charge, HoldState};
use rpc::notifier::{DeliveryStatus, ExplainFollowUpResponse, FollowUp, FollowUpState};

use super::expect::soon;
use super::sinks::return_link;
use super::world::{CHANNEL, FUNDS};
use super::{ArrivedMail, ArrivedText, Customer, World};

pub const QUESTION: &str = "Do you have the red kettle?";
pub const ANSWER: &str = "Yes, two are left. Shall we keep one for you?";

/// Step 1: a customer gives name, phone and e-mail, and writes; the confirmation text arrives and the contact is kept.
pub async fn write(world: &World) -> Result<Customer> {
    write_on(world, CHANNEL).await
}

/// Step 1 on any channel.
pub async fn write_on(world: &World, channel: &str) -> Result<Customer> {
    let ola = &world.ola;
    let mut customer = world.customer(channel, QUESTION, ola.given()).await?;
    customer.shown(1).await?;
    customer.read(1).await?;
    let confirmation = world.sinks.nth_text(&ola.phone, 1).await?;
    ensure!(
        confirmation.body.contains(&customer.number.to_string()),
        "the confirmation lacks the conversation's number: {}",
        confirmation.body
    );
    let contact = world.clients.contact(&ola.phone).await?;
    ensure!(contact.name == ola.name, "the contact is called '{}'", contact.name);
    let has_mail = contact.addresses.iter().any(|address| address.value == ola.email);
    ensure!(has_mail, "the contact lacks the e-mail address");
    Ok(customer)
}

/// Step 2: the customer leaves; presence says offline, cause 'left'.
pub async fn leave(world: &World, customer: &mut Customer) -> Result<()> {
    customer.leave().await?;
    offline(world, customer).await
}

/// Waits until presence has noticed.
pub async fn offline(world: &World, customer: &Customer) -> Result<()> {
    let presence = soon("presence says offline", async || {
        let presence = world.clients.presence(&customer.visitor).await?;
        Ok((presence.state() == PresenceState::Offline).then_some(presence))
    })
    .await?;
    ensure!(
        presence.cause() == PresenceCause::Left,
        "the cause is {}",
        presence.cause().as_str_name()
    );
    Ok(())
}

/// Step 4: the text goes out, with the number and a link, and is charged.
pub async fn text(world: &World, customer: &Customer) -> Result<ArrivedText> {
    let text = world.sinks.nth_text(&world.ola.phone, 2).await?;
    ensure!(
        text.body.contains(&customer.number.to_string()),
        "the text lacks the conversation's number: {}",
        text.body
    );
    return_link(&text.body).with_context(|| format!("the text has no return link: {}", text.body))?;
    soon("the receipt says delivered", async || {
        let explained = world.clients.explain(&customer.conversation).await?;
        let delivered = explained.deliveries.iter().any(|delivery| {
            delivery.purpose() == DeliveryPurpose::FollowUp && delivery.status() == DeliveryStatus::Delivered
        });
        Ok(delivered.then_some(()))
    })
    .await?;
    captured(world, 2).await?;
    Ok(text)
}

/// Waits until `n` deliveries are captured and nothing else is held, and checks that the balance agrees.
pub async fn captured(world: &World, n: usize) -> Result<Vec<Charge>> {
    let charges = soon(&format!("{n} charges are captured"), async || {
        let charges = world.clients.charges().await?;
        let done = charges
            .iter()
            .filter(|charge| charge.state() == HoldState::Captured)
            .count();
        let held = charges.iter().any(|charge| charge.state() == HoldState::Held);
        Ok((done >= n && !held).then_some(charges))
    })
    .await?;
    let captured: Vec<&Charge> = charges
        .iter()
        .filter(|charge| charge.state() == HoldState::Captured)
        .collect();
    ensure!(
        captured.len() == n,
        "{} deliveries were charged, not {n}",
        captured.len()
    );
    let spent: i64 = captured.iter().map(|charge| charge.micro_pu).sum();
    let balance = world.clients.balance().await?;
    ensure!(
        balance.available_micro_pu == FUNDS - spent && balance.held_micro_pu == 0,
        "the balance is {} (held {}) after spending {spent} of {FUNDS}",
        balance.available_micro_pu,
        balance.held_micro_pu
    );
    Ok(charges)
}

/// Step 5: the e-mail goes out, with question, answer and link.
pub async fn mail(world: &World) -> Result<ArrivedMail> {
    let mail = world.sinks.nth_mail(&world.ola.email, 1).await?;
    let text = mail.text.as_deref().context("the mail has no text part")?;
    let html = mail.html.as_deref().context("the mail has no HTML part")?;
    for (what, words) in [("question", QUESTION), ("answer", ANSWER)] {
        ensure!(text.contains(words), "the mail lacks the {what}");
    }
    ensure!(
        html.replace("&#x2f;", "/").contains("/r/"),
        "the HTML part has no return link"
    );
    return_link(text).context("the text part has no return link")?;
    ensure!(
        mail.reply_to.is_some() && mail.message_id.is_some(),
        "the mail lacks Reply-To or Message-ID"
    );
    Ok(mail)
}

/// Step 6: the link brings the customer back to the first unread message; the follow-up ends as returned.
pub async fn come_back(world: &World, customer: &Customer, mail: &ArrivedMail) -> Result<Customer> {
    let link = return_link(mail.text.as_deref().unwrap_or_default()).context("no link")?;
    let mut back = world.follow_link(link).await?;
    ensure!(
        back.conversation == customer.conversation,
        "the link leads to another conversation"
    );
    let welcome = back.welcomes().pop().context("no welcome")?;
    ensure!(
        welcome["read_up_to"] == 1,
        "it resumes after message {}, not after the question",
        welcome["read_up_to"]
    );
    let answer = back.shown(2).await?;
    ensure!(answer["text"] == ANSWER, "message 2 is not the answer");
    back.read(2).await?;
    ended(world, &customer.conversation, FollowUpEnd::Returned).await?;
    Ok(back)
}

/// Waits until the one follow-up of a conversation is done, and checks why.
pub async fn ended(world: &World, conversation: &str, reason: FollowUpEnd) -> Result<FollowUp> {
    let done = soon("the follow-up ends", async || {
        let follow_ups = world.clients.follow_ups(conversation).await?;
        ensure!(follow_ups.len() <= 1, "there are {} follow-ups", follow_ups.len());
        Ok(follow_ups.into_iter().find(|one| one.state() == FollowUpState::Done))
    })
    .await?;
    ensure!(
        done.end_reason() == reason,
        "the follow-up ended as {}",
        done.end_reason().as_str_name()
    );
    Ok(done)
}

/// Everything about a customer's conversation.
pub async fn explained(world: &World, customer: &Customer) -> Result<ExplainFollowUpResponse> {
    world.clients.explain(&customer.conversation).await
}
