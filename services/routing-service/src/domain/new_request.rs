use super::{Kind, VisitedPage};
use ::domain::{ChannelId, ContactId, ConversationId, InvitationId, Language, TeamId, VisitorId};

/// What a request asks of who serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) channel: ChannelId,
    pub(crate) kind: Kind,
    /// In whose queue it is; `None`: in the workspace's own, for everybody.
    pub(crate) team: Option<TeamId>,
    /// `None`: any.
    pub(crate) language: Option<Language>,
}

impl Need {
    /// Slug of the team in whose queue it is; empty: the workspace's own.
    pub(crate) fn queue(&self) -> &str {
        self.team.as_ref().map_or("", TeamId::as_str)
    }
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct About {
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) visitor: Option<VisitorId>,
    pub(crate) contact: Option<ContactId>,
    pub(crate) invitation: Option<InvitationId>,
    /// Where the visitor is; forgotten when it is done.
    pub(crate) page: Option<VisitedPage>,
}

/// What comes into the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewRequest {
    pub(crate) need: Need,
    pub(crate) about: About,
    /// 1 is served first; 1 to 9.
    pub(crate) priority: u8,
    /// How long an agent is alerted before the next one is.
    pub(crate) alert_seconds: u32,
    /// How long it waits for the agent who served its contact or visitor last; 0: for nobody.
    pub(crate) last_agent_seconds: u32,
}
