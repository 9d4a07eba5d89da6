use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Why a follow-up ended; the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Replied,
    Returned,
    Read,
    /// Every step was taken.
    Exhausted,
    /// Newer answers opened a new follow-up after every step of this one was taken.
    Superseded,
    NoAddress,
    SwitchedOff,
    /// All answers were marked as not to be followed up.
    Marked,
    /// The agent opened the conversation and the customer never wrote.
    AgentOpened,
    /// The answers were already old when they were first heard of.
    TooOld,
    /// Only a phone number was given, and nobody tells whether this customer is there.
    NoPresence,
    /// The person was erased.
    Erased,
}

impl End {
    pub const ALL: [Self; 12] = [
        Self::Replied,
        Self::Returned,
        Self::Read,
        Self::Exhausted,
        Self::Superseded,
        Self::NoAddress,
        Self::SwitchedOff,
        Self::Marked,
        Self::AgentOpened,
        Self::TooOld,
        Self::NoPresence,
        Self::Erased,
    ];

    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Replied => "replied",
            Self::Returned => "returned",
            Self::Read => "read",
            Self::Exhausted => "exhausted",
            Self::Superseded => "superseded",
            Self::NoAddress => "no_address",
            Self::SwitchedOff => "switched_off",
            Self::Marked => "marked",
            Self::AgentOpened => "agent_opened",
            Self::TooOld => "too_old",
            Self::NoPresence => "no_presence",
            Self::Erased => "erased",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.word() == word)
    }
}

/// All the causes of an end. Grows only; what is shown is the strongest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Causes(BTreeSet<End>);

impl Causes {
    pub fn one(end: End) -> Self {
        Self(BTreeSet::from([end]))
    }

    pub fn add(&mut self, end: End) {
        self.0.insert(end);
    }

    /// True if that told something new.
    pub fn join(&mut self, other: &Self) -> bool {
        let before = self.0.len();
        self.0.extend(&other.0);
        self.0.len() > before
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn strongest(&self) -> Option<End> {
        self.0.first().copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = End> + '_ {
        self.0.iter().copied()
    }

    /// Words as stored.
    pub fn words(&self) -> Vec<String> {
        self.iter().map(|end| end.word().to_owned()).collect()
    }
}

impl FromIterator<End> for Causes {
    fn from_iter<I: IntoIterator<Item = End>>(ends: I) -> Self {
        Self(ends.into_iter().collect())
    }
}

/// What an open follow-up waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The conversation or its channel is not known yet.
    NotStarted,
    /// More answers may come.
    Debounce,
    /// The customer is there.
    Online,
    /// Nobody can tell whether the customer is there.
    PresenceUnknown,
    /// Many connections are being lost at once: it may be our own outage.
    MassLoss,
    /// The answer has not been unread for long enough.
    UnreadTime,
    /// A visible tab had input since the answer.
    InputSinceAnswer,
    /// The customer may still respond to what was sent.
    Escalation,
    /// The last send was not long ago.
    Gap,
    /// A service that had to be asked does not answer.
    OwnerAway,
    /// It is night, or another time at which this channel sends nothing, where the customer is.
    QuietHours,
    /// The conversation has only just begun: who opens many sessions to cause texts has to wait in each.
    YoungSession,
    /// Calls to every provider that could take the text fail too often: they are left alone for a while.
    ProviderDown,
    /// An earlier message of the conversation is on its way.
    EarlierMessage,
}

impl Why {
    const ALL: [Self; 14] = [
        Self::NotStarted,
        Self::Debounce,
        Self::Online,
        Self::PresenceUnknown,
        Self::MassLoss,
        Self::UnreadTime,
        Self::InputSinceAnswer,
        Self::Escalation,
        Self::Gap,
        Self::OwnerAway,
        Self::QuietHours,
        Self::YoungSession,
        Self::ProviderDown,
        Self::EarlierMessage,
    ];

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.word() == word)
    }

    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Debounce => "debounce",
            Self::Online => "online",
            Self::PresenceUnknown => "presence_unknown",
            Self::MassLoss => "mass_loss",
            Self::UnreadTime => "unread_time",
            Self::InputSinceAnswer => "input_since_answer",
            Self::Escalation => "escalation",
            Self::Gap => "gap",
            Self::OwnerAway => "owner_away",
            Self::QuietHours => "quiet_hours",
            Self::YoungSession => "young_session",
            Self::ProviderDown => "provider_down",
            Self::EarlierMessage => "earlier_message",
        }
    }
}
