//! What an agent's console and the gateway say to each other over the agents' socket: JSON text frames, tagged by `type`. The
//! JSON schemas of both directions stand in `schemas/`.

use super::request::{Availability, Request};
use super::tagged::{self, Misfit};
use super::words::{optional, time};
use domain::{Invalid, MessageText, TeamId};
use rpc::conversation::Star;
use rpc::routing as wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From a console. Has no Debug: it carries what people wrote.
// Tagged for serde by [`tagged::read`].
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(tag = "type")]
pub enum AgentClientFrame {
    /// The first frame, within 5 seconds: the agent's one-time ticket.
    Hello { ticket: String },
    /// The agent's own status. The same again changes nothing.
    Status { availability: Availability },
    /// Takes what the agent is alerted to.
    Accept { request: String },
    /// Does not: the next agent is alerted.
    Decline { request: String },
    /// Speaks first to a visitor: opens the conversation. 1 to 65,536 bytes in UTF-8.
    Start { request: String, text: String },
    /// Looks at a team's queue from now on, and at no other; empty or absent: at the workspace's own.
    WatchQueue {
        #[serde(default)]
        team: String,
    },
    /// The console is being left.
    Bye {},
    /// Answered by `pong`, for clients that cannot see WebSocket pings.
    Ping {},
}

/// To a console. Has no Debug: it carries addresses of pages.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentServerFrame {
    /// The answer to `hello`. What the agent is alerted to and serves comes next.
    Welcome {
        agent: String,
        /// Absent: none yet, or not known now.
        #[serde(skip_serializing_if = "Option::is_none")]
        availability: Option<Availability>,
    },
    /// What the agent is alerted to or serves, on each change, and once more when it is theirs no more.
    Request(Box<Request>),
    /// The queue that the agent looks at, on each change, at most twice a second.
    Queue(Queue),
    /// The agent is reminded of a conversation that they starred: at its time, after each connecting until they move the reminder or
    /// take it away, and when its note changed.
    Reminder(Reminder),
    /// The answer to `status`.
    Status { availability: Availability },
    /// The answer to `accept`.
    Accepted { request: String },
    /// The answer to `decline`.
    Declined { request: String },
    /// The answer to `start`.
    Started {
        request: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        conversation: Option<String>,
        number: u64,
    },
    /// The answer to a frame that could not be carried out.
    Error {
        /// Name in the catalogue of error codes.
        code: String,
        /// What to do.
        detail: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// That the frame named.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<String>,
    },
    /// The answer to `ping`.
    Pong {},
}

/// How many wait for a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Queue {
    /// Absent: the workspace's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    pub waiting: u32,
    pub alerted: u32,
    pub serving: u32,
    /// Agents who could take a chat now.
    pub free_agents: u32,
    /// RFC 3339: since when the first of those that wait does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<String>,
    /// The team is closed: what came by channels that keep to opening hours waits until it opens.
    pub is_closed: bool,
    /// RFC 3339: when it opens, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<String>,
}

impl Queue {
    pub fn new(team: &str, told: wire::WatchQueueResponse) -> Self {
        Self {
            team: optional(team.to_owned()),
            waiting: told.waiting,
            alerted: told.alerted,
            serving: told.serving,
            free_agents: told.free_agents,
            waiting_since: time(told.waiting_since),
            is_closed: told.is_closed,
            opens_at: time(told.opens_at),
        }
    }
}

/// What an agent is reminded of.
#[derive(Serialize, JsonSchema)]
pub struct Reminder {
    pub conversation: String,
    /// The conversation's.
    pub number: u64,
    /// The agent's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// RFC 3339: when they wanted to be reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<String>,
    /// RFC 3339: when they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<String>,
    /// Of the star; grows by one with each change.
    pub version: u64,
}

impl From<Star> for Reminder {
    fn from(told: Star) -> Self {
        Self {
            conversation: told.conversation,
            number: told.number,
            note: optional(told.note),
            remind_at: time(told.remind_at),
            reminded_at: time(told.reminded_at),
            version: told.version,
        }
    }
}

impl AgentServerFrame {
    /// Name for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::Request(_) => "request",
            Self::Queue(_) => "queue",
            Self::Reminder(_) => "reminder",
            Self::Status { .. } => "status",
            Self::Accepted { .. } => "accepted",
            Self::Declined { .. } => "declined",
            Self::Started { .. } => "started",
            Self::Error { .. } => "error",
            Self::Pong {} => "pong",
        }
    }
}

impl AgentClientFrame {
    /// Reads one text frame. The complaint names the field, and repeats no value.
    pub fn read(text: &str) -> Result<Self, Misfit> {
        tagged::read(text)
    }

    /// Name for spans.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Status { .. } => "status",
            Self::Accept { .. } => "accept",
            Self::Decline { .. } => "decline",
            Self::Start { .. } => "start",
            Self::WatchQueue { .. } => "watch_queue",
            Self::Bye {} => "bye",
            Self::Ping {} => "ping",
        }
    }

    /// The request that it is about.
    pub fn request(&self) -> Option<&str> {
        match self {
            Self::Accept { request } | Self::Decline { request } | Self::Start { request, .. } => Some(request),
            _ => None,
        }
    }

    /// Refuses what no service behind would take, naming the field.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Start { text, .. } => MessageText::parse(text).map(drop),
            Self::WatchQueue { team } if !team.is_empty() => TeamId::parse(team).map(drop),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_names_its_field() {
        for (frame, field) in [
            (r#"{"type":"shout"}"#, Some("type")),
            (r#"{"type":"status","availability":"gone"}"#, Some("availability")),
            (r#"{"type":"accept"}"#, Some("request")),
            (r#"{"type":"start","request":"1","text":" "}"#, Some("text")),
            (r#"{"type":"watch_queue","team":"A!"}"#, Some("team")),
            (r#"{"type":"watch_queue"}"#, None),
            (r#"{"type":"decline","request":"1"}"#, None),
        ] {
            let refused = match AgentClientFrame::read(frame) {
                Err(misfit) => Some(misfit.field),
                Ok(frame) => frame.check().err().map(|invalid| invalid.field.to_owned()),
            };
            assert_eq!(refused.as_deref(), field, "{frame}");
        }
    }
}
