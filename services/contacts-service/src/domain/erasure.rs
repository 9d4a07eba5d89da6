//! Erasing a person: what for, where, and how the person's leftovers are known.

use domain::{ContactId, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use uuid::Uuid;

/// Why a person is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureReason {
    Requested,
    NoLongerNeeded,
    Unlawful,
    Obligation,
    /// The workspace's period is over; nobody asked.
    Retention,
}

impl ErasureReason {
    const ALL: [Self; 5] = [
        Self::Requested,
        Self::NoLongerNeeded,
        Self::Unlawful,
        Self::Obligation,
        Self::Retention,
    ];

    /// The word as stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::NoLongerNeeded => "no_longer_needed",
            Self::Unlawful => "unlawful",
            Self::Obligation => "obligation",
            Self::Retention => "retention",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// Where something of a person is, in the order in which it is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Contacts,
    Notifier,
    Presence,
    Routing,
    Gateway,
    Conversation,
    DeadLetters,
}

impl Place {
    pub const ALL: [Self; 7] = [
        Self::Contacts,
        Self::Notifier,
        Self::Presence,
        Self::Routing,
        Self::Gateway,
        Self::Conversation,
        Self::DeadLetters,
    ];

    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Notifier => "notifier",
            Self::Presence => "presence",
            Self::Routing => "routing",
            Self::Gateway => "gateway",
            Self::Conversation => "conversation",
            Self::DeadLetters => "dead_letters",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.word() == word)
    }
}

/// How many of what were erased.
pub type Erased = BTreeMap<String, u64>;

/// What was, or is to be, erased in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureStep {
    pub place: Place,
    pub done: bool,
    pub failures: u32,
    /// Code of the last failure; empty once it went well.
    pub failure: String,
    pub erased: Erased,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRequest {
    pub request_id: String,
    pub contact: ContactId,
    pub reason: ErasureReason,
    pub by: String,
}

/// One person's erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    pub id: Uuid,
    pub request: ErasureRequest,
    /// The person's contacts: the one that was asked for, and all that had gone into it.
    pub contacts: Vec<ContactId>,
    pub asked_at: Timestamp,
    /// Dead letters up to this place of their stream were looked through.
    pub looked_up_to: u64,
    pub done_at: Option<Timestamp>,
    /// In the order of the places.
    pub steps: Vec<ErasureStep>,
}

impl Erasure {
    pub fn is_done_in(&self, place: Place) -> bool {
        self.steps.iter().any(|step| step.place == place && step.done)
    }
}

/// By what something is known to be of the person. Debug prints no value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// A phone number, E.164.
    Number(String),
    /// An e-mail address or external id.
    Word(String),
    /// What an ingested event is about: a conversation's id, or an integration's reference of it.
    Subject(String),
}

impl Trace {
    /// The word of its kind, as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Word(_) => "word",
            Self::Subject(_) => "subject",
        }
    }

    pub fn value(&self) -> &str {
        match self {
            Self::Number(value) | Self::Word(value) | Self::Subject(value) => value,
        }
    }

    pub fn from_words(kind: &str, value: String) -> Option<Self> {
        match kind {
            "number" => Some(Self::Number(value)),
            "word" => Some(Self::Word(value)),
            "subject" => Some(Self::Subject(value)),
            _ => None,
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({}, redacted)", self.kind())
    }
}

/// Shorter external ids stand in anybody's event.
const SHORTEST_WORD: usize = 6;
/// Digits at the end of a number, without its country and what people dial before it.
const TAIL: usize = 8;

/// Whether an event that nobody could handle is the person's: it is about one of their conversations, or one of their addresses
/// stands in it. Rather one too many: what is left would name them.
pub fn is_of(traces: &[Trace], about: &str, payload: &[u8]) -> bool {
    let text = String::from_utf8_lossy(payload).to_lowercase();
    let digits = digits(&text);
    traces.iter().any(|trace| match trace {
        Trace::Subject(subject) => subject == about,
        Trace::Word(word) => word.len() >= SHORTEST_WORD && has_word(&text, &word.to_lowercase()),
        Trace::Number(number) => {
            let tail = &number[number.len().saturating_sub(TAIL)..];
            digits.contains(tail.trim_start_matches('+'))
        }
    })
}

/// The word stands there by itself: nothing that could be more of it is beside it.
fn has_word(text: &str, word: &str) -> bool {
    let more = |character: Option<char>| character.is_some_and(|one| one.is_alphanumeric() || "._%+-@".contains(one));
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let after = after.strip_prefix('.').unwrap_or(after).chars().next();
        !more(before.chars().next_back()) && !after.is_some_and(|one| one.is_alphanumeric() || one == '-')
    })
}

/// The numbers in a text, without what people write between their digits; something else stands between two of them.
fn digits(text: &str) -> String {
    let between = |character: &char| !" -().+/\u{a0}".contains(*character);
    let told = text.chars().filter(between);
    told.map(|one| if one.is_ascii_digit() { one } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(about: &str, payload: &str) -> bool {
        let traces = [
            Trace::Number("+48600700123".into()),
            Trace::Word("ann@example.com".into()),
            Trace::Word("7".into()),
            Trace::Subject("ticket-7".into()),
        ];
        is_of(&traces, about, payload.as_bytes())
    }

    #[test]
    fn what_names_the_person_is_theirs_however_it_is_written() {
        for payload in [
            r#"{"email":"Ann@Example.com"}"#,
            r#"{"text":"write to ann@example.com."}"#,
            r#"{"phone":"+48 600-700-123"}"#,
            r#"{"phone":"600 700 123"}"#,
            r#"{"phone":"(0) 600 700 123"}"#,
            r#"{"phone":"0048600700123"}"#,
            r#"{"text":"call 600.700.123 12:30"}"#,
        ] {
            assert!(of("", payload), "{payload}");
        }
        assert!(of("ticket-7", "{}"));
    }

    #[test]
    fn what_names_others_is_not() {
        for payload in [
            r#"{"email":"joann@example.com"}"#,
            r#"{"email":"ann@example.community"}"#,
            r#"{"email":"ann@example.com.pl"}"#,
            r#"{"phone":"+48 600 700 124"}"#,
            r#"{"quantity":"7","id":"123"}"#,
            "\u{fffd}{not json",
        ] {
            assert!(!of("ticket-70", payload), "{payload}");
        }
    }
}
