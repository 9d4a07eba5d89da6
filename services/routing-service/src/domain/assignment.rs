use ::domain::{AgentId, TeamId, Timestamp};
use events::event::{AssigneeKind, AssignmentCause};

/// Why somebody has a request, or has it no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Queued,
    Alerted,
    Accepted,
    Declined,
    Missed,
    Answered,
    Assigned,
    Transferred,
    Vanished,
    Resolved,
    VisitorLeft,
}

impl Cause {
    const ALL: [Self; 11] = [
        Self::Queued,
        Self::Alerted,
        Self::Accepted,
        Self::Declined,
        Self::Missed,
        Self::Answered,
        Self::Assigned,
        Self::Transferred,
        Self::Vanished,
        Self::Resolved,
        Self::VisitorLeft,
    ];

    /// The word as stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Alerted => "alerted",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Missed => "missed",
            Self::Answered => "answered",
            Self::Assigned => "assigned",
            Self::Transferred => "transferred",
            Self::Vanished => "vanished",
            Self::Resolved => "resolved",
            Self::VisitorLeft => "visitor_left",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }
}

impl From<Cause> for AssignmentCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Queued => Self::Queued,
            Cause::Alerted => Self::Alerted,
            Cause::Accepted => Self::Accepted,
            Cause::Declined => Self::Declined,
            Cause::Missed => Self::Missed,
            Cause::Answered => Self::Answered,
            Cause::Assigned => Self::Assigned,
            Cause::Transferred => Self::Transferred,
            Cause::Vanished => Self::Vanished,
            Cause::Resolved => Self::Resolved,
            Cause::VisitorLeft => Self::VisitorLeft,
        }
    }
}

/// Who can have a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Assignee {
    Nobody,
    Agent(AgentId),
    /// An agent who got it as an admin: it does not count against their capacity.
    Admin(AgentId),
    Team(TeamId),
}

impl Assignee {
    /// The word as stored.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Agent(_) => "agent",
            Self::Admin(_) => "admin",
            Self::Team(_) => "team",
        }
    }

    /// Its slug; empty: nobody.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Nobody => "",
            Self::Agent(agent) | Self::Admin(agent) => agent.as_str(),
            Self::Team(team) => team.as_str(),
        }
    }

    pub(crate) fn wire_kind(&self) -> AssigneeKind {
        match self {
            Self::Nobody => AssigneeKind::Unspecified,
            Self::Agent(_) => AssigneeKind::Agent,
            Self::Admin(_) => AssigneeKind::Admin,
            Self::Team(_) => AssigneeKind::Team,
        }
    }
}

/// One change of who has a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) version: u64,
    pub(crate) assignee: Assignee,
    pub(crate) cause: Cause,
    /// Who did it; nobody in person if `None`.
    pub(crate) by: Option<AgentId>,
    pub(crate) at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_word(cause.word()), Some(cause));
        }
    }
}
