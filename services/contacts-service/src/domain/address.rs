use super::Phone;
use domain::{AddressId, Country, Email};

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    Phone,
    Email,
}

impl AddressKind {
    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Phone, Self::Email].into_iter().find(|kind| kind.word() == word)
    }
}

/// A way to reach somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressValue {
    Phone(Phone),
    Email(Email),
}

impl AddressValue {
    pub fn kind(&self) -> AddressKind {
        match self {
            Self::Phone(_) => AddressKind::Phone,
            Self::Email(_) => AddressKind::Email,
        }
    }

    /// The value to send to. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.number.expose(),
            Self::Email(email) => email.expose(),
        }
    }

    /// What all spellings of one address have in common: by this they are unique in a workspace.
    pub fn normalised(&self) -> String {
        match self {
            Self::Phone(phone) => phone.number.expose().to_owned(),
            Self::Email(email) => email.normalised(),
        }
    }

    /// The country of a phone number.
    pub fn country(&self) -> Option<Country> {
        match self {
            Self::Phone(phone) => Some(phone.country),
            Self::Email(_) => None,
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
