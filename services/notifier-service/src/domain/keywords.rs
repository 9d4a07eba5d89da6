//! Words by which a recipient of texts opts out or back in. A keyword counts only as the whole text.

/// What a text asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keyword {
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
    /// Who is this?
    Help,
}

impl Keyword {
    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Help => "help",
        }
    }
}

const STOP: [&str; 8] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
];
const START: [&str; 2] = ["START", "UNSTOP"];
const HELP: [&str; 4] = ["HELP", "INFO", "AIDE", "POMOC"];

/// Reads a whole text; `None` for everything that is not exactly a keyword. `YES` counts only from somebody who has
/// opted out: to others it is an answer.
pub fn keyword(text: &str, opted_out: bool) -> Option<Keyword> {
    let word = text.trim().to_uppercase();
    let is_one_of = |words: &[&str]| words.contains(&word.as_str());
    if is_one_of(&STOP) {
        Some(Keyword::Stop)
    } else if is_one_of(&START) || (opted_out && word == "YES") {
        Some(Keyword::Start)
    } else if is_one_of(&HELP) {
        Some(Keyword::Help)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_whole_text_counts() {
        for text in [
            "stop",
            " STOP\n",
            "StopAll",
            "unsubscribe",
            "cancel",
            "end",
            "quit",
            "revoke",
            "optout",
        ] {
            assert_eq!(keyword(text, false), Some(Keyword::Stop), "{text:?}");
        }
        for text in ["please stop", "stop it", "STOP.", "", "yes", "the end"] {
            assert_eq!(keyword(text, false), None, "{text:?}");
        }
        assert_eq!(keyword("Yes", true), Some(Keyword::Start));
        assert_eq!(keyword("unstop", false), Some(Keyword::Start));
        for text in ["info", "Help ", "aide", "POMOC"] {
            assert_eq!(keyword(text, true), Some(Keyword::Help), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_sentence_is_never_a_keyword(before in "[a-z]{1,8}", word in 0..STOP.len()) {
            prop_assert_eq!(keyword(&format!("{before} {}", STOP[word]), true), None);
        }
    }
}
