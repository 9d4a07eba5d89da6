//! Copies of conversations by mail: when one is due by itself, and what it tells.

use crate::domain::render::cost;
use crate::domain::{Case, Ended};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Why a copy is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// The customer asked for it.
    Requested,
    /// The conversation was resolved.
    End,
}

impl Occasion {
    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requested => "transcript",
            Self::End => "transcript_at_end",
        }
    }
}

/// How the conversation ended whose customer is to get a copy of it: the channel says so, the customer has written, and an e-mail address
/// was given by then.
pub fn due_at_end(case: &Case) -> Option<Ended> {
    let conversation = &case.conversation;
    let on = case
        .settings
        .as_ref()
        .is_some_and(|settings| settings.sends_transcripts());
    let ended = conversation.ended.filter(|_| on && conversation.customer_up_to > 0)?;
    conversation
        .email
        .is_some_and(|email| email.at <= ended.at)
        .then_some(ended)
}

/// A copy tells at most so many messages.
pub const MESSAGES: u64 = 500;
/// What its messages may cost, so that the mail stays below 100 KB: each stands in it twice.
const ROOM: usize = 44_000;
/// What the words of one message may cost.
const LONGEST: usize = 12_000;
/// What stands around the words of a message.
const AROUND: usize = 60;

/// A message, as its owner has it.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub by_customer: bool,
    pub text: &'a str,
    pub at: Timestamp,
}

/// A message as the copy shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub by_customer: bool,
    pub text: String,
    pub at: String,
}

/// What a copy tells.
#[derive(Debug, Clone)]
pub struct Transcript {
    zone: TimeZone,
    /// The newest first.
    entries: Vec<Entry>,
    /// Earlier ones that it does not tell.
    earlier: u64,
    room: usize,
    /// What stands around the words of a message, who said it too.
    around: usize,
}

impl Transcript {
    /// Tells nothing yet. Times are shown as in this zone.
    pub fn new(zone: TimeZone, business: &str) -> Self {
        Self {
            zone,
            entries: Vec::new(),
            earlier: 0,
            room: ROOM,
            around: AROUND + business.chars().map(encoded).sum::<usize>(),
        }
    }

    /// Nothing earlier is told any more.
    pub fn is_full(&self) -> bool {
        self.earlier > 0
    }

    /// Adds the message before those that were added; without room for it, it is only counted.
    pub fn add(&mut self, said: &Said<'_>) {
        let (text, cost) = cut(said.text);
        let left = self.room.checked_sub(cost + self.around).filter(|_| !self.is_full());
        let Some(left) = left else {
            self.earlier += 1;
            return;
        };
        self.room = left;
        let at = said.at.to_zoned(self.zone.clone());
        self.entries.push(Entry {
            by_customer: said.by_customer,
            text,
            at: at.strftime("%Y-%m-%d %H:%M").to_string(),
        });
    }

    /// The same where so many earlier messages were not even looked at.
    #[must_use]
    pub fn without(mut self, earlier: u64) -> Self {
        self.earlier += earlier;
        self
    }

    /// In the order in which they were said.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev()
    }

    /// How many earlier ones it does not tell.
    pub fn earlier(&self) -> u64 {
        self.earlier
    }

    /// Name of the zone that times are shown in.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

/// As much of a text as a message may take, and what it costs.
fn cut(text: &str) -> (String, usize) {
    let mut spent = 0;
    let fits = |character: &char| {
        spent += encoded(*character);
        spent <= LONGEST
    };
    let mut words: String = text.chars().take_while(fits).collect();
    if words.len() < text.len() {
        words.push('…');
    }
    (words, spent.min(LONGEST))
}

/// Bytes of a character in HTML or in its transfer encoding, whichever are more.
fn encoded(character: char) -> usize {
    match character {
        // With a space before it.
        '\n' => 4,
        control if control.is_ascii_control() => 3,
        ascii if ascii.is_ascii() => cost(ascii),
        other => 3 * other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy_of(texts: &[&str]) -> Transcript {
        let mut copy = Transcript::new(TimeZone::UTC, "Acme");
        for (index, text) in texts.iter().enumerate().rev() {
            copy.add(&Said {
                by_customer: index % 2 == 0,
                text,
                at: Timestamp::UNIX_EPOCH,
            });
        }
        copy
    }

    #[test]
    fn the_newest_are_told_in_order_and_the_rest_is_counted() {
        let long = "x".repeat(10_000);
        let copy = copy_of(&["first", &long, &long, &long, "&", &long, &long, "last"]);
        let told: Vec<&str> = copy.entries().map(|entry| &entry.text[..1]).collect();
        assert_eq!(
            told,
            ["x", "x", "&", "x", "x", "l"],
            "the first would fit, but stands before one that is left out"
        );
        assert_eq!(copy.earlier(), 2);
    }

    #[test]
    fn what_is_too_long_is_cut_and_the_newest_is_always_told() {
        let copy = copy_of(&["ż".repeat(70_000).as_str()]);
        let entry = copy.entries().next().expect("an entry");
        assert_eq!(entry.text.chars().count(), LONGEST / 6 + 1);
        assert!(entry.text.ends_with('…'));
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let zone = TimeZone::get("Europe/Warsaw").expect("a zone");
        let mut copy = Transcript::new(zone, "Acme");
        copy.add(&Said {
            by_customer: true,
            text: "?",
            at: "2026-07-01T22:30:00Z".parse().expect("a moment"),
        });
        assert_eq!(copy.entries().next().expect("an entry").at, "2026-07-02 00:30");
        assert_eq!(copy.zone(), "Europe/Warsaw");
    }
}
