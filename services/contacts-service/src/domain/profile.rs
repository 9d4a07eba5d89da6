use domain::{Invalid, Timestamp};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Tags of one contact at most: more are a sign that they should be data.
pub const TAGS: usize = 50;
/// Characters of a tag.
const TAG: usize = 50;
/// Custom values of one contact at most.
pub const DATA: usize = 50;
/// Characters of a key.
const KEY: usize = 40;
/// Characters of a custom value: longer texts belong into the conversation.
const VALUE: usize = 1_000;

/// How far a person has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Lead,
    Customer,
}

impl Stage {
    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Customer => "customer",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Lead, Self::Customer]
            .into_iter()
            .find(|stage| stage.word() == word)
    }
}

/// A single value that a person is found by. Debug prints none: people write anything into it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(String);

impl Tag {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        written("tags", text, TAG).map(Self)
    }

    /// The tag itself. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(redacted)")
    }
}

/// What a custom value is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataKey(String);

impl DataKey {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = text.len() <= KEY
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            let remedy = "needs keys of 1 to 40 characters out of a-z, 0-9 and '_' that begin with a letter";
            Err(Invalid::new("data", remedy))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A custom value. Debug prints none.
#[derive(Clone, PartialEq, Eq)]
pub struct DataValue(String);

impl DataValue {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        written("data", text, VALUE).map(Self)
    }

    /// The value itself. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataValue(redacted)")
    }
}

/// The zone that a person lives in, by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(String);

impl Zone {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let zone = domain::time_zone(text);
        let name = zone.as_ref().and_then(TimeZone::iana_name);
        let wrong = || Invalid::new("time_zone", "needs the IANA name of a zone, for example Europe/Warsaw");
        name.map(|name| Self(name.to_owned())).ok_or_else(wrong)
    }

    /// As it was stored: a name that this machine does not know is still what was said.
    pub fn stored(name: String) -> Self {
        Self(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn written(field: &'static str, text: &str, most: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        let remedy = format!("needs values of 1 to {most} characters without control characters");
        return Err(Invalid::new(field, remedy));
    }
    Ok(text.to_owned())
}

/// A custom value, who set it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datum {
    pub value: DataValue,
    pub at: Timestamp,
    pub by: String,
}

/// What is known from serving a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub stage: Stage,
    /// The channel in which the person first gave an address, if somebody said.
    pub source: Option<String>,
    pub tags: BTreeSet<Tag>,
    pub data: BTreeMap<DataKey, Datum>,
    pub time_zone: Option<Zone>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_have_a_form_and_a_size() {
        for good in ["a", "order_total", "x9", &"k".repeat(40)] {
            assert_eq!(DataKey::parse(good).expect(good).as_str(), good);
        }
        for bad in ["", "9a", "_a", "Total", "a-b", "a.b", "ä", &"k".repeat(41)] {
            assert_eq!(DataKey::parse(bad).expect_err(bad).field, "data");
        }
        assert_eq!(Tag::parse(" vip ").expect("a tag").expose(), "vip");
        for bad in ["", "  ", "a\nb", &"ä".repeat(51)] {
            assert_eq!(Tag::parse(bad).expect_err(bad).field, "tags");
        }
        assert!(Tag::parse(&"ä".repeat(50)).is_ok());
        assert!(DataValue::parse(&"ä".repeat(1_000)).is_ok());
        assert_eq!(DataValue::parse(&"ä".repeat(1_001)).expect_err("long").field, "data");
    }

    #[test]
    fn zones_go_by_their_names() {
        assert_eq!(Zone::parse("europe/warsaw").expect("a zone").as_str(), "Europe/Warsaw");
        for bad in ["", "Warsaw", "+01:00", "Europe/Nowhere", "Etc/Unknown"] {
            assert_eq!(Zone::parse(bad).expect_err(bad).field, "time_zone");
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?} {:?}", Tag::parse("Ann"), DataValue::parse("Ann"));
        assert!(!shown.contains("Ann"), "{shown}");
    }
}
