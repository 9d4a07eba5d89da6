use events::common::ChannelKind;

/// What a chat's channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Web,
    Sms,
    Email,
    Whatsapp,
    Facebook,
    Instagram,
    Voice,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Web,
        Self::Sms,
        Self::Email,
        Self::Whatsapp,
        Self::Facebook,
        Self::Instagram,
        Self::Voice,
    ];

    /// The word as stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Whatsapp => "whatsapp",
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
            Self::Voice => "voice",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// `None` for unspecified.
    pub(crate) fn from_wire(kind: ChannelKind) -> Option<Self> {
        Self::ALL.into_iter().find(|own| ChannelKind::from(*own) == kind)
    }
}

impl From<Kind> for ChannelKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Web => Self::Web,
            Kind::Sms => Self::Sms,
            Kind::Email => Self::Email,
            Kind::Whatsapp => Self::Whatsapp,
            Kind::Facebook => Self::Facebook,
            Kind::Instagram => Self::Instagram,
            Kind::Voice => Self::Voice,
        }
    }
}
