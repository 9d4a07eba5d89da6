//! What customers are asked by automatic messages, and how their answers are read.

use super::automatic::Kind;
use super::content::Content;
use domain::AuthorRole;

/// The questions that wait for an answer. One that was answered waits no more; the other one stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// How was the help?
    rating: bool,
    /// Is the problem solved?
    solved: bool,
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

/// Marks of a question, in scripts that customers and agents write in: Latin, wide, Arabic, Greek.
const MARKS: [char; 4] = ['?', '\u{ff1f}', '\u{61f}', '\u{37e}'];

impl Asked {
    /// The word as stored; `None`: nothing waits.
    pub fn word(self) -> Option<&'static str> {
        match (self.rating, self.solved) {
            (true, true) => Some("both"),
            (true, false) => Some("rating"),
            (false, true) => Some("solved"),
            (false, false) => None,
        }
    }

    pub fn from_word(word: Option<&str>) -> Option<Self> {
        let all = [(true, true), (true, false), (false, true), (false, false)];
        let mut all = all.into_iter().map(|(rating, solved)| Self { rating, solved });
        all.find(|asked| asked.word() == word)
    }

    /// What a customer's words answer. `None`: they are no answer, but words like any other.
    pub fn read(self, words: &str) -> Option<Answer> {
        // French sets a space before the mark.
        let is_beside = |c: char| c.is_whitespace() || matches!(c, '.' | '!' | ',');
        let word = words.trim_start().trim_end_matches(is_beside).to_lowercase();
        let rating = word
            .parse()
            .ok()
            .filter(|rating| self.rating && (1..=5).contains(rating));
        let solved = || match word.as_str() {
            _ if !self.solved => None,
            yes if YES.contains(&yes) => Some(true),
            no if NO.contains(&no) => Some(false),
            _ => None,
        };
        rating.map(Answer::Rating).or_else(|| solved().map(Answer::Solved))
    }

    /// What was said: a question of ours waits from then on, an answer ends it. Whatever an agent or a bot asks takes the place of both,
    /// as the next 'yes' may be meant for it; thanks and greetings do not, and neither does what the customer says beside.
    pub fn hear(&mut self, author: AuthorRole, content: &Content, words: &str) {
        match content {
            Content::Automatic {
                kind: Kind::AskRating, ..
            } => self.rating = true,
            Content::Automatic {
                kind: Kind::AskSolved, ..
            } => self.solved = true,
            Content::Rating { .. } => self.rating = false,
            Content::Solved(_) => self.solved = false,
            _ if author == AuthorRole::Customer => {}
            // Each of them wants something of the customer.
            Content::Automatic { kind, .. } if kind.is_of_agents() => *self = Self::default(),
            Content::Card(_) => *self = Self::default(),
            _ if author != AuthorRole::System && words.contains(MARKS) => *self = Self::default(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_message_is_an_answer() {
        for (question, words, expected) in [
            ("rating", " 5 ", Some(Answer::Rating(5))),
            ("rating", "1!", Some(Answer::Rating(1))),
            ("rating", "4 !", Some(Answer::Rating(4))),
            ("rating", "6", None),
            ("rating", "0", None),
            ("rating", "5 parcels are missing", None),
            ("solved", "TAK", Some(Answer::Solved(true))),
            ("solved", "Non.", Some(Answer::Solved(false))),
            ("solved", "Oui !", Some(Answer::Solved(true))),
            ("solved", "Non\u{202f}!", Some(Answer::Solved(false))),
            ("solved", "no, it is not", None),
            ("solved", "5", None),
        ] {
            let asked = Asked::from_word(Some(question)).expect("a word of ours");
            assert_eq!(asked.read(words), expected, "{words}");
        }
    }
}
