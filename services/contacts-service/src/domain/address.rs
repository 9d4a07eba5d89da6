use super::Phone;
use domain::{AddressId, Country, Email, Invalid};
use std::fmt;

/// Characters of an id of another system.
const EXTERNAL: usize = 200;

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    Phone,
    Email,
    /// The id by which the workspace's own site knows a person; nothing is sent to it.
    External,
}

impl AddressKind {
    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::External => "external",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Phone, Self::Email, Self::External]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// The id by which the workspace's own site knows a person. Debug prints none: it may be anything.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = !text.trim().is_empty() && text.chars().count() <= EXTERNAL && !text.chars().any(char::is_control);
        match fits {
            true => Ok(Self(text.to_owned())),
            false => Err(Invalid::new(
                "external",
                "needs 1 to 200 characters without control characters",
            )),
        }
    }

    /// The id itself. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalId(redacted)")
    }
}

/// A way to reach somebody, or to know them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressValue {
    Phone(Phone),
    Email(Email),
    External(ExternalId),
}

impl AddressValue {
    pub fn kind(&self) -> AddressKind {
        match self {
            Self::Phone(_) => AddressKind::Phone,
            Self::Email(_) => AddressKind::Email,
            Self::External(_) => AddressKind::External,
        }
    }

    /// The value to send to. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.number.expose(),
            Self::Email(email) => email.expose(),
            Self::External(id) => id.expose(),
        }
    }

    /// What all spellings of one address have in common: by this they are unique in a workspace.
    pub fn normalised(&self) -> String {
        match self {
            Self::Phone(phone) => phone.number.expose().to_owned(),
            Self::Email(email) => email.normalised(),
            Self::External(id) => id.expose().to_owned(),
        }
    }

    /// The country of a phone number.
    pub fn country(&self) -> Option<Country> {
        match self {
            Self::Phone(phone) => Some(phone.country),
            Self::Email(_) | Self::External(_) => None,
        }
    }
}

/// A stored address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub id: AddressId,
    pub value: AddressValue,
    /// Its owner has proved that it is theirs.
    pub verified: bool,
}
