//! Copies of a conversation that its customer asks for.

use super::conversation::Conversation;
use super::settings::Settings;
use domain::{AddressId, Timestamp, TranscriptId};
use jiff::SignedDuration;

/// So many of one conversation may be asked for in a UTC day: whoever holds it can name any address, but not send much to it.
pub const PER_DAY: i64 = 3;

/// Who asked for a copy so shortly before is offered none.
pub const JUST_ASKED: SignedDuration = SignedDuration::from_mins(1);

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A copy that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    pub id: TranscriptId,
    /// The address that the conversation had then.
    pub email: AddressId,
    /// It ends with this message.
    pub up_to_seq: u64,
    pub at: Timestamp,
}

/// Whether the end of a conversation sends a copy by itself. notifier-service decides it by the same facts.
pub fn goes_out_at_end(conversation: &Conversation, settings: &Settings) -> bool {
    settings.transcript_at_end && conversation.customer_up_to > 0 && conversation.reach.email.is_some()
}

/// When the UTC day of a moment began.
pub fn day_of(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(DAY_SECONDS)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let parse = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let midnight = parse("2026-03-29T00:00:00Z");
        for moment in [
            "2026-03-29T00:00:00Z",
            "2026-03-29T12:30:00.5Z",
            "2026-03-29T23:59:59.999Z",
        ] {
            assert_eq!(day_of(parse(moment)), midnight, "{moment}");
        }
        assert_eq!(day_of(parse("1969-12-31T23:00:00Z")), parse("1969-12-31T00:00:00Z"));
    }
}
