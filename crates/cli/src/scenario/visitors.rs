//! Steps 14 and 15: chats that a channel starts by itself, and the agent who takes them.

use anyhow::{Context, Result, ensure};
use events::common::{ChannelKind, ChannelSettings, FieldRule};
use events::event::{FollowUpEnd, ProactiveMode};
use rpc::conversation::CreateChannelRequest;
use rpc::notifier::FollowUp;
use rpc::routing::{ChannelRouting, LaunchRule, SetChannelRoutingRequest};
use serde_json::{Value, json};

use super::expect::soon;
use super::world::fresh;
use super::{Console, Customer, Given, World};
use crate::call::call;

const ASKING: &str = "web-asking";
const WATCHING: &str = "web-watching";
/// Where visitors look who are worth a word.
const PAGE: &str = "http://localhost/pricing";
pub const AGENT: &str = "ana";

/// A visitor of the price list is asked whether somebody may help, says yes, says who they are and what they want, waits, and is
/// served by the agent who takes the chat; it ends when it is done.
pub async fn with_invitation(world: &World) -> Result<Customer> {
    let mut console = Console::open(world, AGENT).await?;
    let (visitor, alert) = accept_invitation(world, &console).await?;
    serve(&mut console, &visitor, &alert).await?;
    console.close().await?;
    Ok(visitor)
}

/// Everything until the agent is alerted: the visitor, and the alert.
pub async fn accept_invitation(world: &World, console: &Console<'_>) -> Result<(Customer, Value)> {
    set_up(world, ASKING, ProactiveMode::WithInvitation).await?;
    let mut visitor = world.visitor(ASKING).await?;
    visitor.look_at(PAGE).await?;
    let offered = visitor.invited("offered").await?;
    ensure!(
        offered["greeting"] == "May we help?",
        "it is asked otherwise: {offered}"
    );
    visitor.answer(&offered, "shown").await?;
    visitor.answer(&offered, "accepted").await?;
    let form = visitor.invited("form").await?;
    let name = json!({ "key": "name", "required": true });
    ensure!(form["fields"][0] == name, "the data page asks for {}", form["fields"]);
    let start = json!({ "type": "start", "client_id": fresh("client"), "text": "How much is it?" });
    let refused = visitor.refused(start).await?;
    ensure!(refused["field"] == "name", "nobody's chat is not refused: {refused}");
    let given = Given {
        name: Some(world.zoe.name),
        ..Default::default()
    };
    visitor.start(&fresh("client"), "How much is it?", given).await?;
    let conversation = visitor.conversation.clone();
    let alert = console
        .told("the agent is alerted to the chat", |told| {
            told["state"] == "alerted" && told["conversation"] == *conversation
        })
        .await?;
    Ok((visitor, alert))
}

/// The agent takes the chat, answers, and settles it.
pub async fn serve(console: &mut Console<'_>, visitor: &Customer, alert: &Value) -> Result<()> {
    console.accept(alert).await?;
    let serving = visitor.invited("serving").await?;
    ensure!(serving["agent"] == AGENT, "somebody else serves: {serving}");
    console.write(&visitor.conversation, "Ten a month.").await?;
    visitor.shown_text("Ten a month.").await?;
    console.resolve(&visitor.conversation).await?;
    visitor.invited("ended").await?;
    console
        .told("the agent is free again", |told| {
            told["request"] == alert["request"] && told["state"] == "done"
        })
        .await
        .map(drop)
}

/// Nobody asks a visitor of the price list: the agent is told of them, speaks first, and the visitor closes the panel. That ends the chat,
/// and nobody is brought back to it. Where they were.
pub async fn without_invitation(world: &World) -> Result<String> {
    set_up(world, WATCHING, ProactiveMode::WithoutInvitation).await?;
    let mut console = Console::open(world, AGENT).await?;
    let mut visitor = world.visitor(WATCHING).await?;
    visitor.look_at(PAGE).await?;
    let who = visitor.visitor.clone();
    let alert = console
        .told("the agent is told of the visitor", |told| {
            told["state"] == "alerted" && told["visitor"] == *who
        })
        .await?;
    ensure!(alert["page"]["url"] == PAGE, "it is not told where they are: {alert}");
    let started = console.start(&alert, "Hello! Any questions?").await?;
    visitor.shown_text("Hello! Any questions?").await?;
    let serving = visitor.invited("serving").await?;
    ensure!(
        serving["conversation"] == started["conversation"],
        "another conversation: {serving}, {started}"
    );
    let conversation = text(&started, "conversation")?;
    visitor.answer(&serving, "closed").await?;
    visitor.invited("ended").await?;
    soon("the conversation is settled", async || {
        let found = world.clients.conversation(&conversation).await?;
        Ok(found.resolved_at.map(drop))
    })
    .await?;
    let explained = world.clients.explain(&conversation).await?;
    let ended = |one: &FollowUp| one.end_reason() == FollowUpEnd::AgentOpened;
    ensure!(
        explained.deliveries.is_empty() && explained.follow_ups.iter().all(ended),
        "somebody is to be brought back: {}",
        explained.summary
    );
    console.close().await?;
    text(&alert["page"], "url")
}

/// A channel that asks for a name, and starts chats by itself.
async fn set_up(world: &World, channel: &str, mode: ProactiveMode) -> Result<()> {
    let request = CreateChannelRequest {
        workspace: world.workspace.clone(),
        channel: channel.to_owned(),
        kind: ChannelKind::Web.into(),
        settings: Some(ChannelSettings {
            name: FieldRule::Required.into(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["name".to_owned()],
        }),
    };
    call!(world.clients.workspaces, create_channel, request)?;
    let rule = LaunchRule {
        name: "prices".to_owned(),
        priority: 5,
        page_seconds: 20,
        page: "/pricing*".to_owned(),
        once_in_days: 1,
        greeting: "May we help?".to_owned(),
        ..Default::default()
    };
    let request = SetChannelRoutingRequest {
        workspace: world.workspace.clone(),
        channel: channel.to_owned(),
        routing: Some(ChannelRouting {
            mode: mode.into(),
            rules: vec![rule],
            declined_days: 30,
            per_visitor_day: 1,
            answer_seconds: 120,
            alert_seconds: 30,
            ..Default::default()
        }),
        version: 0,
    };
    call!(world.clients.invitations, set_channel_routing, request)?;
    Ok(())
}

fn text(value: &Value, field: &str) -> Result<String> {
    let text = value[field].as_str().map(str::to_owned);
    text.with_context(|| format!("there is no {field} in {value}"))
}
