//! Recorded facts of a workspace, for `simulate` and for other tools.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use async_nats::jetstream::{Context, message::StreamMessage};
use domain::WorkspaceId;
use events::event::ChannelChanged;
use events::{Fact, Subject, stamp};
use fault::Fault;
use jiff::Timestamp;
use prost::Message as _;
use rpc::conversation::ListChannelsRequest;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use serde_json::{Value, json};
use tonic::transport::Channel;

use super::dlq::connect;
use super::history::{self, History, happened};
use super::money::start_of;
use crate::call::call;
use crate::output::{Out, say};
use crate::show;
use crate::stack::{Endpoints, Service};

pub(super) async fn export(workspace: &str, since: Option<&str>, out: &Out) -> Result<()> {
    let workspace = WorkspaceId::parse(workspace).map_err(Fault::from)?;
    let since = since.map(moment).transpose()?;
    let client = WorkspaceServiceClient::new(Endpoints::connect(Service::Conversation)?);
    let context = history::jetstream(&connect().await?);
    let line = |line: Value| out.line(line.to_string());
    recorded(&context, &client, &workspace, since, line).await
}

/// Tells what is remembered of a workspace, a line each. Channels that did not change since are told of too,
/// with their settings of now.
pub(super) async fn recorded(
    context: &Context,
    client: &WorkspaceServiceClient<Channel>,
    workspace: &WorkspaceId,
    since: Option<Timestamp>,
    mut told: impl FnMut(Value) -> Result<()>,
) -> Result<()> {
    let known = facts(context, workspace, since, &mut told).await?;
    let request = ListChannelsRequest {
        workspace: workspace.to_string(),
    };
    let channels = call!(client, list_channels, request)?.channels;
    for channel in channels.into_iter().filter(|channel| !known.contains(&channel.channel)) {
        let at = since.unwrap_or(Timestamp::UNIX_EPOCH);
        let fact = ChannelChanged {
            channel: channel.channel,
            version: channel.version,
            kind: channel.kind,
            settings: channel.settings,
            at: Some(stamp(at)),
        };
        let data = show::fact(ChannelChanged::AGGREGATE, ChannelChanged::EVENT, &fact.encode_to_vec());
        told(json!({ "at": at.to_string(), "workspace": workspace.as_str(), "fact": changed(), "data": data }))?;
    }
    Ok(())
}

/// Tells what is remembered, one request a fact; answers which channels it told of.
async fn facts(
    context: &Context,
    workspace: &WorkspaceId,
    since: Option<Timestamp>,
    told: &mut impl FnMut(Value) -> Result<()>,
) -> Result<BTreeSet<String>> {
    let history = History::open(context, workspace).await?;
    let begin = match since {
        Some(since) => history.since(since).await?,
        None => 1,
    };
    let filter = events::workspace_facts(workspace);
    let mut channels = BTreeSet::new();
    let mut settings = settings_before(&history, workspace, begin).await?;
    let mut printed = false;
    let mut next = begin;
    while let Some(message) = history.next(&filter, next).await? {
        next = message.sequence + 1;
        let Some(line) = line(&message) else { continue };
        let channel = line["data"]["channel"].as_str().filter(|_| line["fact"] == changed());
        let channel = channel.map(str::to_owned);
        if since.is_some_and(|since| happened(&message).is_some_and(|at| at < since)) {
            settings.extend(channel.map(|channel| (channel, line)));
            continue;
        }
        if !std::mem::replace(&mut printed, true) {
            for (channel, line) in std::mem::take(&mut settings) {
                told(line)?;
                channels.insert(channel);
            }
        }
        channels.extend(channel);
        told(line)?;
    }
    let oldest = history.next(&filter, 1).await?.as_ref().and_then(happened);
    if let (Some(since), Some(oldest)) = (since, oldest)
        && oldest > since
    {
        say(format!("the oldest fact that is kept of this workspace is of {oldest}"));
    }
    for (channel, line) in settings {
        told(line)?;
        channels.insert(channel);
    }
    Ok(channels)
}

/// The settings of channels that held when the export begins.
async fn settings_before(history: &History, workspace: &WorkspaceId, begin: u64) -> Result<BTreeMap<String, Value>> {
    let filter = events::workspace_fact::<ChannelChanged>(workspace);
    let mut settings = BTreeMap::new();
    let mut next = 1;
    while let Some(message) = history
        .next(&filter, next)
        .await?
        .filter(|message| message.sequence < begin)
    {
        next = message.sequence + 1;
        let Some(line) = line(&message) else { continue };
        settings.extend(
            line["data"]["channel"]
                .as_str()
                .map(str::to_owned)
                .map(|channel| (channel, line.clone())),
        );
    }
    Ok(settings)
}

fn line(message: &StreamMessage) -> Option<Value> {
    let subject = Subject::parse(&message.subject)?;
    show::fact_line(&subject, &message.headers, &message.payload)
}

/// The fact of a channel's settings.
fn changed() -> String {
    format!("{}.{}", ChannelChanged::AGGREGATE, ChannelChanged::EVENT)
}

/// A moment, or the start of a day.
fn moment(text: &str) -> Result<Timestamp> {
    text.parse().or_else(|_| start_of(text))
}
