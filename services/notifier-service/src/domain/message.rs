//! Messages that go out as they stand, on a channel that carries them by itself.

use domain::AuthorRole;
use events::common::{Carriage, ChannelKind};
use jiff::{SignedDuration, Timestamp};

/// How a number is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Medium {
    Sms,
    Whatsapp,
}

impl Medium {
    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Sms, Self::Whatsapp]
            .into_iter()
            .find(|medium| medium.word() == word)
    }

    /// The one that channels of a kind carry messages by; `None`: they carry none.
    pub fn of(kind: ChannelKind) -> Option<Self> {
        match kind {
            ChannelKind::Sms | ChannelKind::Voice => Some(Self::Sms),
            ChannelKind::Whatsapp => Some(Self::Whatsapp),
            _ => None,
        }
    }

    /// A number's name by which what it asked for is kept: a STOP by one medium says nothing of the other.
    pub fn address(self, number: &str) -> String {
        match self {
            Self::Sms => number.to_owned(),
            Self::Whatsapp => format!("whatsapp:{number}"),
        }
    }

    /// Whether free text may be sent to somebody who last wrote then.
    pub fn is_open(self, last_written: Option<Timestamp>, now: Timestamp) -> bool {
        match self {
            Self::Sms => true,
            Self::Whatsapp => last_written.is_some_and(|at| now.duration_since(at) < WINDOW),
        }
    }
}

/// WhatsApp's: after it only approved templates are taken.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// So many messages before one are looked at: facts may overtake each other, by a few places.
pub const LOOK_BACK: u64 = 10;

/// What was written longer before another message was certainly heard of, if it is to go out at all.
const OVERTAKEN_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// Whether a message is brought to the customer: what agents and bots write, and what is said by itself.
pub fn is_carried(author: AuthorRole, automatic: Carriage) -> bool {
    matches!(author, AuthorRole::Agent | AuthorRole::Bot) || automatic != Carriage::Unspecified
}

/// Whether the fact of a message written at `at` may still be on its way, though that of a later one, written at `later`, has come.
pub fn may_be_overtaken(at: Timestamp, later: Timestamp) -> bool {
    later.duration_since(at) <= OVERTAKEN_WITHIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_by_whatsapp_needs_a_message_of_the_last_day() {
        let now = Timestamp::from_second(1_700_000_000).expect("a time");
        let ago = |hours| Some(now - SignedDuration::from_hours(hours));
        for (last, is_open) in [(ago(0), true), (ago(23), true), (ago(24), false), (None, false)] {
            assert_eq!(Medium::Whatsapp.is_open(last, now), is_open, "{last:?}");
            assert!(Medium::Sms.is_open(last, now));
        }
    }
}
