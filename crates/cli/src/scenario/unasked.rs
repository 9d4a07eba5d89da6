//! Steps 11 to 13: what is asked and said by itself, and a copy of what was said.

use anyhow::{Context, Result, ensure};
use events::common::{AutomaticMessageKind, ChannelKind, ChannelSettings};
use rpc::conversation::message::Content;
use rpc::conversation::{
    AutomaticMessage, AutomaticMessages, CreateChannelRequest, CreateTeamRequest, SetAutomaticMessagesRequest,
};
use serde_json::json;

use super::expect::soon;
use super::world::{CHANNEL, fresh, now};
use super::{Customer, Given, World};
use crate::call::call;

const TEAM: &str = "parcels";
/// Where callers come in.
pub const PHONE: &str = "phone";

/// Somebody writes without saying who they are: a form asks for the name, then for an address, and both stand in the
/// conversation.
pub async fn introduces(world: &World) -> Result<Customer> {
    let mut customer = world.customer(CHANNEL, "Is it in stock?", Given::default()).await?;
    let first = customer.asked(1).await?;
    ensure!(first["kind"] == "introduce_yourself", "another form is shown: {first}");
    customer.fill_in(&first, json!({ "name": world.zoe.name })).await?;
    let second = customer.asked(2).await?;
    let values = json!({ "email": world.zoe.email, "phone": world.zoe.phone });
    customer.fill_in(&second, values).await?;
    let messages = world.clients.messages(&customer.conversation).await?;
    let filled = messages
        .iter()
        .filter(|one| matches!(one.content, Some(Content::Form(_))));
    ensure!(
        filled.count() == 2,
        "what was filled in does not stand there: {messages:?}"
    );
    let known = world.clients.conversation(&customer.conversation).await?;
    ensure!(!known.contact.is_empty(), "nobody was made of what was given");
    let contact = world.clients.contact(&world.zoe.phone).await?;
    ensure!(contact.contact == known.contact, "another contact has the number");
    Ok(customer)
}

/// Who introduced themselves asks for a copy of the conversation: one mail tells what both said. Its subject.
pub async fn takes_a_copy(world: &World, customer: &mut Customer) -> Result<String> {
    world.answer(customer, "Yes, three are left.").await?;
    let answer = customer.shown_text("Yes, three are left.").await?;
    customer.read(answer["seq"].as_u64().unwrap_or_default()).await?;
    customer.ask_for_copy(&fresh("copy")).await?;
    let mail = world.sinks.nth_mail(&world.zoe.email, 1).await?;
    let text = mail.text.unwrap_or_default();
    for said in ["Is it in stock?", "Yes, three are left."] {
        ensure!(text.contains(said), "'{said}' does not stand in the copy: {text}");
    }
    let subject = mail.subject.unwrap_or_default();
    ensure!(
        subject.contains(&customer.number.to_string()),
        "the copy is of another conversation: {subject}"
    );
    Ok(subject)
}

/// Somebody calls and hangs up while it rings: the call stands in a conversation, and a text answers it once, although the
/// telephone system tells twice. The words of the text.
pub async fn calls(world: &World) -> Result<String> {
    set_up(world).await?;
    let (call, caller) = (fresh("call"), &world.max.phone);
    let told = json!({ "channel": PHONE, "outcome": "ringing", "customer": { "phone": caller }, "seconds": 20 });
    for event in [fresh("event"), fresh("event")] {
        world
            .integration
            .publish("call_ended", &event, &call, now(), told.clone())
            .await?;
    }
    let text = world.sinks.nth_text(caller, 1).await?;
    let recorded = soon("the call stands in a conversation", async || {
        let contact = world.clients.contact(caller).await?;
        world.clients.conversation_of(&contact.contact).await
    })
    .await?;
    let messages = world.clients.messages(&recorded.conversation).await?;
    let first = messages.first().context("an empty conversation")?;
    ensure!(
        matches!(first.content, Some(Content::Call(_))),
        "no call stands there: {first:?}"
    );
    ensure!(
        messages.len() == 2,
        "{} messages instead of the call and its text",
        messages.len()
    );
    let texts = world.sinks.texts(caller).await?.len();
    ensure!(texts == 1, "{texts} texts were sent");
    Ok(text.body)
}

/// A team that answers missed calls by text and asks how the help was, and the number it is called at.
pub async fn set_up(world: &World) -> Result<()> {
    let workspace = || world.workspace.clone();
    let team = CreateTeamRequest {
        workspace: workspace(),
        team: TEAM.to_owned(),
        name: "Parcels".to_owned(),
    };
    call!(world.clients.workspaces, create_team, team)?;
    let missed = AutomaticMessage {
        kind: AutomaticMessageKind::MissedCall.into(),
        on: true,
        business_name: true,
        ..Default::default()
    };
    let rating = AutomaticMessage {
        kind: AutomaticMessageKind::AskRating.into(),
        on: true,
        ..Default::default()
    };
    let says = SetAutomaticMessagesRequest {
        workspace: workspace(),
        team: TEAM.to_owned(),
        messages: Some(AutomaticMessages {
            messages: vec![missed, rating],
            open_for_missed_calls: true,
            ..Default::default()
        }),
        version: 0,
    };
    call!(world.clients.automatic, set_automatic_messages, says)?;
    let channel = CreateChannelRequest {
        workspace: workspace(),
        channel: PHONE.to_owned(),
        kind: ChannelKind::Voice.into(),
        settings: Some(ChannelSettings {
            team: TEAM.to_owned(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["team".to_owned()],
        }),
    };
    call!(world.clients.workspaces, create_channel, channel)?;
    Ok(())
}
