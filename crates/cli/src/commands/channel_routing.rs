//! How a channel starts chats by itself, and gives them to agents, by gRPC to routing-service.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use events::event::ProactiveMode;
use rpc::routing::invitation_service_client::InvitationServiceClient;
use rpc::routing::{self as wire, GetChannelRoutingRequest, SetChannelRoutingRequest};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tonic::transport::Channel;

use super::money::read;
use crate::call::call;
use crate::output::Out;
use crate::show::word;
use crate::stack::{Endpoints, Service};

/// What stands before a mode's word on the wire.
const PREFIX: &str = "PROACTIVE_MODE_";

/// A channel's routing as it is printed and read; what is left out has the default that the contract names.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Routing {
    mode: String,
    rules: Vec<Rule>,
    declined_days: u32,
    per_visitor_day: u32,
    answer_seconds: u32,
    alert_seconds: u32,
    last_agent_seconds: u32,
    queue_conversations: bool,
    keep_opening_hours: bool,
}

/// See `LaunchRule`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rule {
    name: String,
    priority: u32,
    page_seconds: u32,
    site_seconds: u32,
    page: String,
    referrer: String,
    visits_from: u32,
    visits_to: u32,
    once_in_days: u32,
    per_day: u32,
    greeting: String,
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            mode: "off".to_owned(),
            rules: Vec::new(),
            declined_days: 30,
            per_visitor_day: 1,
            answer_seconds: 120,
            alert_seconds: 30,
            last_agent_seconds: 0,
            queue_conversations: false,
            keep_opening_hours: false,
        }
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            name: String::new(),
            priority: 5,
            page_seconds: 0,
            site_seconds: 0,
            page: String::new(),
            referrer: String::new(),
            visits_from: 0,
            visits_to: 0,
            once_in_days: 1,
            per_day: 0,
            greeting: String::new(),
        }
    }
}

impl Rule {
    fn new(wire: wire::LaunchRule) -> Self {
        Self {
            name: wire.name,
            priority: wire.priority,
            page_seconds: wire.page_seconds,
            site_seconds: wire.site_seconds,
            page: wire.page,
            referrer: wire.referrer,
            visits_from: wire.visits_from,
            visits_to: wire.visits_to,
            once_in_days: wire.once_in_days,
            per_day: wire.per_day,
            greeting: wire.greeting,
        }
    }

    fn into_wire(self) -> wire::LaunchRule {
        wire::LaunchRule {
            name: self.name,
            priority: self.priority,
            page_seconds: self.page_seconds,
            site_seconds: self.site_seconds,
            page: self.page,
            referrer: self.referrer,
            visits_from: self.visits_from,
            visits_to: self.visits_to,
            once_in_days: self.once_in_days,
            per_day: self.per_day,
            greeting: self.greeting,
        }
    }
}

impl Routing {
    fn new(wire: wire::ChannelRouting) -> Self {
        Self {
            mode: word(wire.mode().as_str_name(), PREFIX),
            rules: wire.rules.into_iter().map(Rule::new).collect(),
            declined_days: wire.declined_days,
            per_visitor_day: wire.per_visitor_day,
            answer_seconds: wire.answer_seconds,
            alert_seconds: wire.alert_seconds,
            last_agent_seconds: wire.last_agent_seconds,
            queue_conversations: wire.queue_conversations,
            keep_opening_hours: wire.keep_opening_hours,
        }
    }

    fn into_wire(self) -> Result<wire::ChannelRouting> {
        let mode = ProactiveMode::from_str_name(&format!("{PREFIX}{}", self.mode.to_uppercase()))
            .ok_or_else(|| anyhow!("mode: must be off, with_invitation or without_invitation"))?;
        Ok(wire::ChannelRouting {
            mode: mode.into(),
            rules: self.rules.into_iter().map(Rule::into_wire).collect(),
            declined_days: self.declined_days,
            per_visitor_day: self.per_visitor_day,
            answer_seconds: self.answer_seconds,
            alert_seconds: self.alert_seconds,
            last_agent_seconds: self.last_agent_seconds,
            queue_conversations: self.queue_conversations,
            keep_opening_hours: self.keep_opening_hours,
        })
    }
}

fn client() -> Result<InvitationServiceClient<Channel>> {
    Ok(InvitationServiceClient::new(Endpoints::connect(Service::Routing)?))
}

pub(super) async fn get(out: &Out, workspace: String, channel: String) -> Result<()> {
    let told = call!(
        client()?,
        get_channel_routing,
        GetChannelRoutingRequest { workspace, channel }
    )?;
    let routing = Routing::new(told.routing.context("an empty answer")?);
    if out.json() {
        return out.document(&json!({ "routing": routing, "version": told.version }));
    }
    out.line(serde_json::to_string_pretty(&routing)?)
}

pub(super) async fn set(out: &Out, workspace: String, channel: String, file: &Path, version: u64) -> Result<()> {
    let text = read(file)?;
    let routing: Routing =
        serde_json::from_str(&text).with_context(|| format!("{} holds no routing of a channel", file.display()))?;
    let request = SetChannelRoutingRequest {
        workspace,
        channel,
        routing: Some(routing.into_wire()?),
        version,
    };
    let version = call!(client()?, set_channel_routing, request)?.version;
    if out.json() {
        return out.document(&json!({ "version": version }));
    }
    out.line(format!("version {version}"))
}
