/// Is the customer there?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PresenceState {
    Online,
    Offline,
    /// We cannot tell. Defers a send; never starts or ends one.
    Unknown,
}

/// Why presence is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PresenceCause {
    /// A tab opened, became visible, or had input again.
    Returned,
    /// Explicitly closed and no other tab within the grace period.
    Left,
    /// No input in any tab for longer than the limit.
    Idle,
    /// Every tab hidden for longer than the limit.
    Hidden,
    /// The connection went without a close.
    ConnectionLost,
    /// The gateway that held the connection went.
    GatewayLost,
}

impl PresenceState {
    const ALL: [Self; 3] = [Self::Online, Self::Offline, Self::Unknown];

    /// The word as stored in tables and shown to people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Unknown => "unknown",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl PresenceCause {
    const ALL: [Self; 6] = [
        Self::Returned,
        Self::Left,
        Self::Idle,
        Self::Hidden,
        Self::ConnectionLost,
        Self::GatewayLost,
    ];

    /// The word as stored in tables and shown to people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Left => "left",
            Self::Idle => "idle",
            Self::Hidden => "hidden",
            Self::ConnectionLost => "connection_lost",
            Self::GatewayLost => "gateway_lost",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }
}
