//! Chats that somebody is to serve, and who serves them, in the words of HTTP and of the agents' socket.

use super::words::{optional, time, word};
use events::common::ChannelKind;
use events::event::{AgentAvailability, AssigneeKind as WireKind};
use rpc::conversation::AssignedTo;
use rpc::routing as wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether an agent takes chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Available,
    /// Serves what they have, and takes nothing more.
    Busy,
    Away,
    /// Loses what they hold to the front of the queue.
    Offline,
}

impl Availability {
    /// `None`: one that this version does not know.
    pub fn of_wire(wire: AgentAvailability) -> Option<Self> {
        match wire {
            AgentAvailability::Available => Some(Self::Available),
            AgentAvailability::Busy => Some(Self::Busy),
            AgentAvailability::Away => Some(Self::Away),
            AgentAvailability::Offline => Some(Self::Offline),
            AgentAvailability::Unspecified => None,
        }
    }

    pub fn on_wire(self) -> AgentAvailability {
        match self {
            Self::Available => AgentAvailability::Available,
            Self::Busy => AgentAvailability::Busy,
            Self::Away => AgentAvailability::Away,
            Self::Offline => AgentAvailability::Offline,
        }
    }
}

/// What somebody who has a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssigneeKind {
    Agent,
    /// An agent who got it as an admin: it does not count against their capacity.
    Admin,
    /// It waits in this team's queue.
    Team,
}

/// Who has a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignee {
    pub kind: AssigneeKind,
    /// Slug of the agent or team.
    pub id: String,
}

impl Assignee {
    /// `None`: nobody.
    pub fn of_wire(wire: Option<wire::Assignee>) -> Option<Self> {
        let wire = wire?;
        Self::of_kind(wire.kind(), wire.id)
    }

    /// As a conversation tells it. `None`: nobody.
    pub fn of_conversation(wire: Option<AssignedTo>) -> Option<Self> {
        let wire = wire?;
        Self::of_kind(wire.kind(), wire.id)
    }

    fn of_kind(kind: WireKind, id: String) -> Option<Self> {
        let kind = match kind {
            WireKind::Agent => AssigneeKind::Agent,
            WireKind::Admin => AssigneeKind::Admin,
            WireKind::Team => AssigneeKind::Team,
            WireKind::Unspecified => return None,
        };
        Some(Self { kind, id })
    }

    pub fn on_wire(self) -> wire::Assignee {
        let kind = match self.kind {
            AssigneeKind::Agent => WireKind::Agent,
            AssigneeKind::Admin => WireKind::Admin,
            AssigneeKind::Team => WireKind::Team,
        };
        wire::Assignee {
            kind: kind.into(),
            id: self.id,
        }
    }
}

/// Where a visitor is, as their browser tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct VisitedPage {
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// How often they came, this time included; 0: not known.
    pub visits: u32,
    /// How long they had been on the page, and on the site, when it was told.
    pub on_page_ms: u64,
    pub on_site_ms: u64,
}

/// A chat that somebody is to serve: a conversation, or a visitor to whom an agent may speak first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct Request {
    /// UUID.
    pub request: String,
    pub channel: String,
    /// web, sms, email, whatsapp, facebook, instagram or voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Slug of the team in whose queue it is; absent: the workspace's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// waiting, alerted, serving or done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// 1 is served first; 0: it was served already, and went back to the front.
    pub priority: u32,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<String>,
    /// Absent while it is about a visitor to whom nobody has spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor: Option<String>,
    /// That it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
    /// Who is alerted, or serves it; absent while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
    /// When the alert goes on to the next agent.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_until: Option<String>,
    /// 1 is the next one; absent unless it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Grows by one with each change.
    pub version: u64,
    /// Where the visitor is; absent unless it came from an invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<VisitedPage>,
}

impl From<wire::VisitedPage> for VisitedPage {
    fn from(found: wire::VisitedPage) -> Self {
        Self {
            url: found.url,
            referrer: optional(found.referrer),
            visits: found.visits,
            on_page_ms: found.on_page_ms,
            on_site_ms: found.on_site_ms,
        }
    }
}

impl Request {
    /// Is this agent alerted to it, or serving it?
    pub fn is_of(&self, agent: &str) -> bool {
        let people = [AssigneeKind::Agent, AssigneeKind::Admin];
        let has = |to: &Assignee| people.contains(&to.kind) && to.id == agent;
        self.state.as_deref() != Some("done") && self.assignee.as_ref().is_some_and(has)
    }

    /// What becomes of one that is kept no more.
    pub fn done(self) -> Self {
        Self {
            state: Some("done".to_owned()),
            assignee: None,
            alert_until: None,
            version: self.version + 1,
            ..self
        }
    }
}

impl From<wire::Request> for Request {
    fn from(found: wire::Request) -> Self {
        let kind = ChannelKind::try_from(found.kind).unwrap_or_default();
        Self {
            kind: word(kind.as_str_name(), "CHANNEL_KIND_"),
            state: word(found.state().as_str_name(), "REQUEST_STATE_"),
            request: found.request,
            channel: found.channel,
            team: optional(found.team),
            language: optional(found.language),
            priority: found.priority,
            waiting_since: time(found.waiting_since),
            conversation: optional(found.conversation),
            visitor: optional(found.visitor),
            invitation: optional(found.invitation),
            assignee: Assignee::of_wire(found.assignee),
            alert_until: time(found.alert_until),
            position: (found.position > 0).then_some(found.position),
            version: found.version,
            page: found.page.map(VisitedPage::from),
        }
    }
}
