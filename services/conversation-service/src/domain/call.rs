//! Calls that other systems tell of: what is recorded of one, and what answers it.

use super::automatic::{AutomaticMessages, Kind};
use super::words::Words;
use domain::Language;
use serde::{Deserialize, Serialize};

/// How a call ended for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Answered,
    Ringing,
    AfterGreeting,
    AfterMenuChoice,
    InMenu,
    InVoicemailPrompt,
    VoicemailLeft,
}

impl Outcome {
    pub const ALL: [Self; 7] = [
        Self::Answered,
        Self::Ringing,
        Self::AfterGreeting,
        Self::AfterMenuChoice,
        Self::InMenu,
        Self::InVoicemailPrompt,
        Self::VoicemailLeft,
    ];

    /// The word that telephone systems use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Ringing => "ringing",
            Self::AfterGreeting => "after_greeting",
            Self::AfterMenuChoice => "after_menu_choice",
            Self::InMenu => "in_menu",
            Self::InVoicemailPrompt => "in_voicemail_prompt",
            Self::VoicemailLeft => "voicemail_left",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// What tells agents of it in the conversation.
    pub fn record(self, language: Language) -> String {
        let name = match self {
            Self::Answered => "answered-call-record",
            Self::VoicemailLeft => "voicemail-record",
            _ => "missed-call-record",
        };
        Words::of(language).say(name, &[])
    }

    fn kind(self) -> Kind {
        match self {
            Self::Answered => Kind::CallEnded,
            Self::Ringing | Self::AfterGreeting | Self::AfterMenuChoice => Kind::MissedCall,
            Self::InMenu | Self::InVoicemailPrompt => Kind::CallGivenUp,
            Self::VoicemailLeft => Kind::Voicemail,
        }
    }
}

/// A call as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub outcome: Outcome,
    pub seconds: u32,
}

/// Where a call is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the caller's open conversation.
    Open,
    /// In a new one.
    New,
    /// In a new one that is resolved from the start: it is there for the text's sake.
    Resolved,
    Nowhere,
}

/// The text that answers a call, one at most: where that the team is closed is still to be said, what says it, if it is on,
/// else what fits the outcome.
pub fn answer(outcome: Outcome, messages: &AutomaticMessages, tells_closed: bool) -> Option<Kind> {
    let closed = (tells_closed && outcome != Outcome::Answered).then_some(Kind::CallOutOfHours);
    let kinds = closed.into_iter().chain([outcome.kind()]);
    kinds.into_iter().find(|kind| messages.is_on(*kind))
}

/// Where a call is recorded. One that was answered opens nothing: who talked with the caller knows what is open.
pub fn place(outcome: Outcome, messages: &AutomaticMessages, has_open: bool, is_answered: bool) -> Place {
    match outcome {
        _ if has_open => Place::Open,
        Outcome::Answered => Place::Nowhere,
        _ if messages.open_for_missed_calls => Place::New,
        _ if is_answered => Place::Resolved,
        _ => Place::Nowhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::automatic::Setting;

    fn on(kinds: &[Kind]) -> AutomaticMessages {
        let setting = Setting {
            on: true,
            ..Setting::default()
        };
        AutomaticMessages {
            messages: kinds.iter().map(|kind| (*kind, setting.clone())).collect(),
            ..AutomaticMessages::default()
        }
    }

    #[test]
    fn one_text_at_most_answers_a_call() {
        let all = on(&Kind::ALL);
        let without_closed = on(&[Kind::MissedCall, Kind::Voicemail]);
        for (outcome, messages, is_closed, expected) in [
            (Outcome::Ringing, &all, false, Some(Kind::MissedCall)),
            (Outcome::AfterGreeting, &all, false, Some(Kind::MissedCall)),
            (Outcome::AfterMenuChoice, &all, false, Some(Kind::MissedCall)),
            (Outcome::InMenu, &all, false, Some(Kind::CallGivenUp)),
            (Outcome::InVoicemailPrompt, &all, false, Some(Kind::CallGivenUp)),
            (Outcome::VoicemailLeft, &all, false, Some(Kind::Voicemail)),
            (Outcome::Answered, &all, false, Some(Kind::CallEnded)),
            (Outcome::Answered, &all, true, Some(Kind::CallEnded)),
            (Outcome::Ringing, &all, true, Some(Kind::CallOutOfHours)),
            (Outcome::Ringing, &without_closed, true, Some(Kind::MissedCall)),
            (Outcome::InMenu, &without_closed, true, None),
        ] {
            assert_eq!(answer(outcome, messages, is_closed), expected, "{outcome:?}");
        }
    }

    #[test]
    fn a_missed_call_opens_a_conversation_where_its_team_wants_one() {
        let (plain, mut opens) = (on(&[]), on(&[]));
        opens.open_for_missed_calls = true;
        for (outcome, messages, has_open, is_answered, expected) in [
            (Outcome::Ringing, &plain, true, false, Place::Open),
            (Outcome::Answered, &plain, true, false, Place::Open),
            (Outcome::Answered, &opens, false, true, Place::Nowhere),
            (Outcome::Ringing, &opens, false, false, Place::New),
            (Outcome::Ringing, &opens, false, true, Place::New),
            (Outcome::Ringing, &plain, false, true, Place::Resolved),
            (Outcome::Ringing, &plain, false, false, Place::Nowhere),
        ] {
            assert_eq!(place(outcome, messages, has_open, is_answered), expected, "{outcome:?}");
        }
    }
}
