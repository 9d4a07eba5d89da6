//! Recorded facts of a workspace, for `simulate` and for other tools.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use async_nats::jetstream::{self, stream::RawMessageErrorKind};
use domain::WorkspaceId;
use events::event::ChannelChanged;
use events::{FACTS, Fact, Subject, stamp};
use fault::Fault;
use jiff::Timestamp;
use prost::Message as _;
use rpc::conversation::ListChannelsRequest;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use serde_json::json;

use super::dlq::connect;
use super::money::start_of;
use crate::call::call;
use crate::output::{Out, say};
use crate::show;
use crate::stack::{Endpoints, Service};

/// Prints what the facts' stream holds of a workspace. Channels that did not change since are told of too, with their
/// settings of now.
pub(super) async fn export(workspace: &str, since: Option<&str>, out: &Out) -> Result<()> {
    let workspace = WorkspaceId::parse(workspace).map_err(Fault::from)?;
    let since = since.map(moment).transpose()?;
    let told = facts(&workspace, since, out).await?;
    let client = WorkspaceServiceClient::new(Endpoints::connect(Service::Conversation)?);
    let request = ListChannelsRequest {
        workspace: workspace.to_string(),
    };
    let channels = call!(client, list_channels, request)?.channels;
    for channel in channels.into_iter().filter(|channel| !told.contains(&channel.channel)) {
        let at = since.unwrap_or(Timestamp::UNIX_EPOCH);
        let fact = ChannelChanged {
            channel: channel.channel,
            version: channel.version,
            kind: channel.kind,
            settings: channel.settings,
            at: Some(stamp(at)),
        };
        let data = show::fact(ChannelChanged::AGGREGATE, ChannelChanged::EVENT, &fact.encode_to_vec());
        let line = json!({ "at": at.to_string(), "workspace": workspace.as_str(), "fact": changed(), "data": data });
        out.line(line.to_string())?;
    }
    Ok(())
}

/// Prints what is there, one request a fact; answers which channels it told of.
async fn facts(workspace: &WorkspaceId, since: Option<Timestamp>, out: &Out) -> Result<BTreeSet<String>> {
    let bus = connect().await?;
    let stream = jetstream::new(bus.client().clone())
        .get_stream_no_info(FACTS.name)
        .await;
    let stream = stream.map_err(|error| Fault::unavailable("JetStream", error))?;
    let filter = events::workspace_facts(workspace);
    let mut channels = BTreeSet::new();
    // The settings that held when the export begins.
    let mut settings = BTreeMap::new();
    let mut first = None;
    let mut next = 1;
    loop {
        let message = match stream.get_first_raw_message_by_subject(&filter, next).await {
            Ok(message) => message,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => break,
            Err(error) => return Err(Fault::unavailable("JetStream", error).into()),
        };
        next = message.sequence + 1;
        let before = since.is_some_and(|since| message.time.unix_timestamp_nanos() < since.as_nanosecond());
        let line = Subject::parse(&message.subject)
            .and_then(|subject| show::fact_line(&subject, &message.headers, &message.payload));
        let Some(line) = line else { continue };
        first.get_or_insert(message.time.unix_timestamp_nanos());
        let channel = line["data"]["channel"].as_str().filter(|_| line["fact"] == changed());
        match channel.map(str::to_owned) {
            Some(channel) if before => {
                settings.insert(channel, line);
                continue;
            }
            _ if before => continue,
            channel => channels.extend(channel),
        }
        out.line(line.to_string())?;
    }
    if since.is_some_and(|since| first.is_none_or(|first| first > since.as_nanosecond())) {
        say("facts are kept for 7 days: those before the first one printed are gone");
    }
    for (channel, line) in settings {
        out.line(line.to_string())?;
        channels.insert(channel);
    }
    Ok(channels)
}

/// The fact of a channel's settings.
fn changed() -> String {
    format!("{}.{}", ChannelChanged::AGGREGATE, ChannelChanged::EVENT)
}

/// A moment, or the start of a day.
fn moment(text: &str) -> Result<Timestamp> {
    text.parse().or_else(|_| start_of(text))
}
