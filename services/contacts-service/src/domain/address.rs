use super::Phone;
use domain::{AddressId, ChannelId, Country, Email, Invalid};
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
    /// The id by which a page of a social network knows a person, good in one channel.
    PageScoped,
}

impl AddressKind {
    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::External => "external",
            Self::PageScoped => "page_scoped",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Phone, Self::Email, Self::External, Self::PageScoped]
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

/// The id by which the page behind a channel knows a person. Two channels may know two people by the same one. Debug prints none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageScopedId {
    channel: ChannelId,
    /// `channel/id`, as it is stored.
    whole: String,
}

impl PageScopedId {
    pub fn parse(channel: ChannelId, text: &str) -> Result<Self, Invalid> {
        let id = ExternalId::parse(text).map_err(|wrong| wrong.of("page_scoped_id"))?;
        let whole = format!("{channel}/{}", id.expose());
        Ok(Self { channel, whole })
    }

    /// As it was stored; `None`: it is none.
    pub fn stored(whole: &str) -> Option<Self> {
        let (channel, id) = whole.split_once('/')?;
        Self::parse(ChannelId::parse(channel).ok()?, id).ok()
    }

    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// With its channel, as it is stored. Not for logs, spans, metrics, subjects or facts.
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// The id itself. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        self.whole.split_once('/').map_or("", |(_, id)| id)
    }
}

impl fmt::Debug for PageScopedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageScopedId(redacted)")
    }
}

/// A way to reach somebody, or to know them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressValue {
    Phone(Phone),
    Email(Email),
    External(ExternalId),
    PageScoped(PageScopedId),
}

impl AddressValue {
    pub fn kind(&self) -> AddressKind {
        match self {
            Self::Phone(_) => AddressKind::Phone,
            Self::Email(_) => AddressKind::Email,
            Self::External(_) => AddressKind::External,
            Self::PageScoped(_) => AddressKind::PageScoped,
        }
    }

    /// The value to send to. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.number.expose(),
            Self::Email(email) => email.expose(),
            Self::External(id) => id.expose(),
            Self::PageScoped(id) => id.expose(),
        }
    }

    /// What all spellings of one address have in common: by this they are unique in a workspace.
    pub fn normalised(&self) -> String {
        match self {
            Self::Phone(phone) => phone.number.expose().to_owned(),
            Self::Email(email) => email.normalised(),
            Self::External(id) => id.expose().to_owned(),
            Self::PageScoped(id) => id.whole().to_owned(),
        }
    }

    /// As it is stored.
    pub fn stored(&self) -> &str {
        match self {
            Self::PageScoped(id) => id.whole(),
            Self::Phone(_) | Self::Email(_) | Self::External(_) => self.expose(),
        }
    }

    /// The country of a phone number.
    pub fn country(&self) -> Option<Country> {
        match self {
            Self::Phone(phone) => Some(phone.country),
            Self::Email(_) | Self::External(_) | Self::PageScoped(_) => None,
        }
    }

    /// The one channel in which it is good.
    pub fn channel(&self) -> Option<&ChannelId> {
        match self {
            Self::PageScoped(id) => Some(id.channel()),
            Self::Phone(_) | Self::Email(_) | Self::External(_) => None,
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
