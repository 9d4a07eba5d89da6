//! What a provider says that it sent, as a CSV document, and where it disagrees with what was charged.

use super::sheet::{Line, Problem, lines};
use ::domain::limits::FOREIGN_ID_BYTES;
use ::domain::{DeliveryId, Invalid, Pu};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Lines of one document: a day of a busy workspace; more come in several documents.
const MAX_LINES: usize = 20_000;
const COLUMNS: [&str; 3] = ["message", "parts", "micro_pu"];

/// The name under which a provider stands in facts: a-z, 0-9, - and _, at most 50.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider(String);

impl Provider {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if (1..=50).contains(&text.len()) && text.chars().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            let remedy = "needs the provider's name as delivery.accepted tells it, for example twilio";
            Err(Invalid::new("provider", remedy))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One message as the provider tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The provider's id.
    pub message: String,
    pub parts: u32,
    /// `None` where the statement tells no price.
    pub amount: Option<Pu>,
}

/// The lines of a statement; all of what is wrong is told.
pub fn read_statement(text: &str) -> Result<Vec<Reported>, Vec<Problem>> {
    let (mut reported, mut problems) = (Vec::new(), Vec::new());
    let mut seen = BTreeMap::new();
    for line in lines(text, COLUMNS, MAX_LINES)? {
        match read(&line) {
            Ok(found) => match seen.insert(found.message.clone(), line.number) {
                Some(other) => {
                    problems.push(line.problem("message", format!("line {other} tells of it too; keep one")))
                }
                None => reported.push(found),
            },
            Err(mut found) => problems.append(&mut found),
        }
    }
    if problems.is_empty() {
        Ok(reported)
    } else {
        Err(problems)
    }
}

fn read(line: &Line<3>) -> Result<Reported, Vec<Problem>> {
    let message = match line.cell("message") {
        "" => Err(line.problem("message", "needs the provider's id of the message")),
        id if id.len() > FOREIGN_ID_BYTES || id.contains('\0') => {
            Err(line.problem("message", "is longer than 200 bytes"))
        }
        id => Ok(id.to_owned()),
    };
    let parts = line.cell("parts").parse().ok().filter(|parts| *parts <= 255u32);
    let parts = parts.ok_or_else(|| line.problem("parts", "must be a whole number, 0 to 255"));
    let amount = match line.cell("micro_pu") {
        "" => Ok(None),
        text => match text.parse().map(Pu::from_micro) {
            Ok(Ok(amount)) => Ok(Some(amount)),
            _ => Err(line.problem("micro_pu", "must be a whole number of micro-PU, 0 or more, or empty")),
        },
    };
    match (message, parts, amount) {
        (Ok(message), Ok(parts), Ok(amount)) => Ok(Reported { message, parts, amount }),
        (message, parts, amount) => Err([message.err(), parts.err(), amount.err()]
            .into_iter()
            .flatten()
            .collect()),
    }
}

/// How a statement and the charges disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftKind {
    /// The provider tells of a message that was not charged.
    NotCharged,
    /// A message that was charged does not stand in the statements of its day and the next.
    NotReported,
    /// Another number of parts.
    Parts,
    /// Another price.
    Price,
}

impl DriftKind {
    pub const ALL: [Self; 4] = [Self::NotCharged, Self::NotReported, Self::Parts, Self::Price];

    /// The word as SQL and metrics have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotCharged => "not_charged",
            Self::NotReported => "not_reported",
            Self::Parts => "parts",
            Self::Price => "price",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One disagreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    pub kind: DriftKind,
    /// UTC.
    pub day: Date,
    /// `None` where nothing was charged.
    pub delivery: Option<DeliveryId>,
    pub provider: String,
    pub message: String,
    pub parts: Option<u32>,
    pub reported_parts: Option<u32>,
    pub amount: Option<Pu>,
    pub reported_amount: Option<Pu>,
}

#[cfg(test)]
mod tests {
    use super::super::sheet::told;
    use super::*;

    #[test]
    fn a_statement_is_read_and_what_is_wrong_is_told() {
        let text = "message,parts,micro_pu\nSM1,2,100000\nSM2,1,\n";
        let lines = read_statement(text).expect("a statement");
        assert_eq!((lines[0].parts, lines[0].amount.map(Pu::micro)), (2, Some(100_000)));
        assert_eq!((lines[1].message.as_str(), lines[1].amount), ("SM2", None));
        let wrong = "message,parts,micro_pu\n,x,-1\nSM1,1,0.5\nSM2,256,1\nSM3,1,1\nSM3,1,1\n";
        let cells = told(&read_statement(wrong).expect_err("problems"));
        let cells: Vec<&str> = cells.lines().filter_map(|line| line.split(':').next()).collect();
        let expected = [
            "line 2, message",
            "line 2, parts",
            "line 2, micro_pu",
            "line 3, micro_pu",
            "line 4, parts",
            "line 6, message",
        ];
        assert_eq!(cells, expected);
        for provider in ["", "Twilio", "a b", &"x".repeat(51)] {
            assert!(Provider::parse(provider).is_err(), "{provider}");
        }
    }
}
