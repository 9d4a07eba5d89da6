//! How a channel starts chats by itself, and gives them to agents.

use super::extract::{Admin, Body, May, Read};
use super::problem::Answer;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::ChannelId;
use events::event::ProactiveMode;
use fault::{Fault, Result};
use rpc::routing::{self as wire, GetChannelRoutingRequest, SetChannelRoutingRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Whether a channel starts chats by itself.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Off,
    /// The visitor is asked, gives their data and waits in the queue.
    WithInvitation,
    /// An agent is alerted to the visitor, and may speak first.
    WithoutInvitation,
}

/// When a visitor is asked.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LaunchRule {
    /// Slug, unique in the channel.
    name: String,
    /// 1 counts first; 1 to 9.
    #[serde(default = "middle")]
    #[schema(default = middle)]
    priority: u32,
    /// Seconds on the page, and on the site; 0 to 86,400.
    #[serde(default)]
    page_seconds: u32,
    #[serde(default)]
    site_seconds: u32,
    /// Path of the page with `*` for anything, at most 200 characters, for example `/pricing*`; empty: every page.
    #[serde(default)]
    page: String,
    /// The same of the whole referring URL; empty: any.
    #[serde(default)]
    referrer: String,
    /// They came at least, and at most, so often; 0: no such limit.
    #[serde(default)]
    visits_from: u32,
    #[serde(default)]
    visits_to: u32,
    /// Days for which the same visitor is asked by this rule only once; 0 to 365, 0: no such limit.
    #[serde(default = "one")]
    #[schema(default = one)]
    once_in_days: u32,
    /// Invitations of this rule in a UTC day, all visitors together; 0: no such limit.
    #[serde(default)]
    per_day: u32,
    /// What the visitor is asked, at most 300 characters; empty: the widget's own words.
    #[serde(default)]
    greeting: String,
}

/// How a channel starts chats by itself, and gives them to agents.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelRouting {
    #[serde(default)]
    mode: Mode,
    /// At most 20; the one with the lowest priority that fits counts, then the first in this order. Needed unless off.
    #[serde(default)]
    rules: Vec<LaunchRule>,
    /// Days for which who said no is not asked again; 0 to 365.
    #[serde(default = "month")]
    #[schema(default = month)]
    declined_days: u32,
    /// Invitations that a visitor gets in a UTC day, whichever rules; 1 to 100.
    #[serde(default = "one")]
    #[schema(default = one)]
    per_visitor_day: u32,
    /// Seconds for which an invitation stays without an answer; 5 to 3,600.
    #[serde(default = "two_minutes")]
    #[schema(default = two_minutes)]
    answer_seconds: u32,
    /// Seconds for which an agent is alerted before the next one is; 5 to 600.
    #[serde(default = "half_a_minute")]
    #[schema(default = half_a_minute)]
    alert_seconds: u32,
    /// Seconds for which a returning customer waits for the agent who served them last; 0 to 600, 0: for nobody.
    #[serde(default)]
    last_agent_seconds: u32,
    /// Conversations that customers open on this channel go into the queue; false: whoever answers has them.
    #[serde(default)]
    queue_conversations: bool,
    /// What comes in here is alerted to agents only while the team in whose queue it waits is open; false: to whoever of the
    /// team is available.
    #[serde(default)]
    keep_opening_hours: bool,
    /// Grows by one with each change; in a change the one that was read, 0: whatever it is.
    #[serde(default)]
    version: u64,
}

fn one() -> u32 {
    1
}

fn middle() -> u32 {
    5
}

fn month() -> u32 {
    30
}

fn two_minutes() -> u32 {
    120
}

fn half_a_minute() -> u32 {
    30
}

impl From<Mode> for ProactiveMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Off => Self::Off,
            Mode::WithInvitation => Self::WithInvitation,
            Mode::WithoutInvitation => Self::WithoutInvitation,
        }
    }
}

impl LaunchRule {
    fn of_wire(found: wire::LaunchRule) -> Self {
        Self {
            name: found.name,
            priority: found.priority,
            page_seconds: found.page_seconds,
            site_seconds: found.site_seconds,
            page: found.page,
            referrer: found.referrer,
            visits_from: found.visits_from,
            visits_to: found.visits_to,
            once_in_days: found.once_in_days,
            per_day: found.per_day,
            greeting: found.greeting,
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

impl ChannelRouting {
    fn of_wire(found: wire::ChannelRouting, version: u64) -> Self {
        Self {
            mode: match found.mode() {
                ProactiveMode::WithInvitation => Mode::WithInvitation,
                ProactiveMode::WithoutInvitation => Mode::WithoutInvitation,
                ProactiveMode::Off | ProactiveMode::Unspecified => Mode::Off,
            },
            rules: found.rules.into_iter().map(LaunchRule::of_wire).collect(),
            declined_days: found.declined_days,
            per_visitor_day: found.per_visitor_day,
            answer_seconds: found.answer_seconds,
            alert_seconds: found.alert_seconds,
            last_agent_seconds: found.last_agent_seconds,
            queue_conversations: found.queue_conversations,
            keep_opening_hours: found.keep_opening_hours,
            version,
        }
    }

    /// On the wire a number that is left out is 0; whoever writes a 0 here means it.
    fn check(&self) -> Result<()> {
        let numbers = [
            ("per_visitor_day", self.per_visitor_day),
            ("answer_seconds", self.answer_seconds),
            ("alert_seconds", self.alert_seconds),
        ];
        match numbers.iter().find(|(_, number)| *number == 0) {
            Some((field, _)) => Err(Fault::invalid(*field, "must not be 0; leave it out for the default")),
            None => Ok(()),
        }
    }

    fn into_wire(self) -> wire::ChannelRouting {
        wire::ChannelRouting {
            mode: ProactiveMode::from(self.mode).into(),
            rules: self.rules.into_iter().map(LaunchRule::into_wire).collect(),
            declined_days: self.declined_days,
            per_visitor_day: self.per_visitor_day,
            answer_seconds: self.answer_seconds,
            alert_seconds: self.alert_seconds,
            last_agent_seconds: self.last_agent_seconds,
            queue_conversations: self.queue_conversations,
            keep_opening_hours: self.keep_opening_hours,
        }
    }
}

/// How a channel starts chats, and gives them to agents; one that nobody set has the defaults, as version 0.
#[utoipa::path(get, path = "/v1/channels/{channel}/routing", tag = "channels",
    params(("channel" = String, Path, description = "Slug")), security(("api_token" = ["read"])),
    responses((status = 200, body = ChannelRouting),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_channel_routing(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(channel): Path<String>,
) -> Answer<Json<ChannelRouting>> {
    let request = GetChannelRoutingRequest {
        workspace: caller.workspace.to_string(),
        channel: ChannelId::parse(&channel)?.to_string(),
    };
    let found = edge.routing.get_channel_routing(request).await?;
    Ok(Json(ChannelRouting::of_wire(
        found.routing.unwrap_or_default(),
        found.version,
    )))
}

/// Replaces it as a whole: what is left out gets its default.
#[utoipa::path(put, path = "/v1/channels/{channel}/routing", tag = "channels",
    params(("channel" = String, Path, description = "Slug")), request_body = ChannelRouting,
    security(("api_token" = ["admin"])), responses((status = 200, body = ChannelRouting),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_channel_routing(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(channel): Path<String>,
    Body(body): Body<ChannelRouting>,
) -> Answer<Json<ChannelRouting>> {
    body.check()?;
    let request = SetChannelRoutingRequest {
        workspace: caller.workspace.to_string(),
        channel: ChannelId::parse(&channel)?.to_string(),
        version: body.version,
        routing: Some(body.into_wire()),
    };
    let set = edge.routing.set_channel_routing(request).await.map_err(of_body)?;
    Ok(Json(ChannelRouting::of_wire(
        set.routing.unwrap_or_default(),
        set.version,
    )))
}

/// The rpc has the routing in a field; here it is the body itself.
fn of_body(fault: Fault) -> Fault {
    let named = fault.field().and_then(|field| field.strip_prefix("routing."));
    match named.map(str::to_owned) {
        Some(field) => fault.of(field),
        None => fault,
    }
}
