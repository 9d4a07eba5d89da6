//! What customers are asked by automatic messages, and how their answers are read.

use super::automatic::Kind;

/// A question that waits for the customer's next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// How was the help?
    Rating,
    /// Is the problem solved?
    Solved,
}

/// What a customer answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 1 to 5.
    Rating(u8),
    Solved(bool),
}

/// In all languages at once: whoever is asked in Polish may answer in English.
const YES: [&str; 7] = ["yes", "y", "tak", "t", "oui", "o", "ok"];
const NO: [&str; 6] = ["no", "n", "nie", "non", "nope", "nein"];

impl Question {
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::AskRating => Some(Self::Rating),
            Kind::AskSolved => Some(Self::Solved),
            _ => None,
        }
    }

    /// The word as stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rating => "rating",
            Self::Solved => "solved",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Rating, Self::Solved]
            .into_iter()
            .find(|question| question.word() == word)
    }

    /// What a customer's words answer. `None`: they are no answer, but words like any other.
    pub fn read(self, words: &str) -> Option<Answer> {
        // French sets a space before the mark.
        let is_beside = |c: char| c.is_whitespace() || matches!(c, '.' | '!' | ',');
        let word = words.trim_start().trim_end_matches(is_beside).to_lowercase();
        match self {
            Self::Rating => {
                let rating = word.parse().ok()?;
                (1..=5).contains(&rating).then_some(Answer::Rating(rating))
            }
            Self::Solved if YES.contains(&word.as_str()) => Some(Answer::Solved(true)),
            Self::Solved if NO.contains(&word.as_str()) => Some(Answer::Solved(false)),
            Self::Solved => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_message_is_an_answer() {
        for (question, words, expected) in [
            (Question::Rating, " 5 ", Some(Answer::Rating(5))),
            (Question::Rating, "1!", Some(Answer::Rating(1))),
            (Question::Rating, "4 !", Some(Answer::Rating(4))),
            (Question::Rating, "6", None),
            (Question::Rating, "0", None),
            (Question::Rating, "5 parcels are missing", None),
            (Question::Solved, "TAK", Some(Answer::Solved(true))),
            (Question::Solved, "Non.", Some(Answer::Solved(false))),
            (Question::Solved, "Oui !", Some(Answer::Solved(true))),
            (Question::Solved, "Non\u{202f}!", Some(Answer::Solved(false))),
            (Question::Solved, "no, it is not", None),
            (Question::Solved, "5", None),
        ] {
            assert_eq!(question.read(words), expected, "{words}");
        }
    }
}
