//! Who has a conversation. routing-service decides it; here it is shown.

use domain::{ConversationId, RequestId};

/// What somebody is who has a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssigneeKind {
    Agent,
    /// An agent who got it as an admin.
    Admin,
    /// It waits in this team's queue.
    Team,
}

impl AssigneeKind {
    /// The word as stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Admin => "admin",
            Self::Team => "team",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Agent, Self::Admin, Self::Team]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// Who has a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignee {
    pub kind: AssigneeKind,
    /// Slug of the agent or team.
    pub id: String,
}

/// What was told of a conversation; the later request counts, and of one request the higher version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub conversation: ConversationId,
    pub request: RequestId,
    pub version: u64,
    /// `None`: nobody.
    pub assignee: Option<Assignee>,
}
