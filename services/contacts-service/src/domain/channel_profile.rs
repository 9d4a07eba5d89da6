//! What channels tell of people: which fields there are depends on the kind of the channel.

use super::{AddressKind, Given};
use domain::{AddressId, ChannelId, Invalid, PersonName, Timestamp};
use std::collections::BTreeMap;
use std::fmt;

/// A kind of channel that knows people by ids of its own, or tells something of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    Facebook,
    Instagram,
    Whatsapp,
}

impl Network {
    /// What it tells of people.
    fn tells(self) -> &'static [ProfileField] {
        match self {
            Self::Facebook => &ProfileField::ALL,
            Self::Instagram => &[],
            Self::Whatsapp => &[ProfileField::Name],
        }
    }

    /// By what it knows them.
    pub fn knows_by(self) -> AddressKind {
        match self {
            Self::Facebook | Self::Instagram => AddressKind::PageScoped,
            Self::Whatsapp => AddressKind::Phone,
        }
    }
}

/// What a channel may tell of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProfileField {
    Gender,
    LastInteraction,
    Locale,
    Name,
    Picture,
    TimeZone,
}

impl ProfileField {
    const ALL: [Self; 6] = [
        Self::Gender,
        Self::LastInteraction,
        Self::Locale,
        Self::Name,
        Self::Picture,
        Self::TimeZone,
    ];

    /// As stored in tables, and as callers know it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gender => "gender",
            Self::LastInteraction => "last_interaction_at",
            Self::Locale => "locale",
            Self::Name => "name",
            Self::Picture => "picture_url",
            Self::TimeZone => "time_zone",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.word() == word)
    }

    /// `None`: it is fine.
    fn wrong(self, text: &str) -> Option<&'static str> {
        let plain = |most: usize| {
            !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
        };
        let is_tag = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let (fits, remedy) = match self {
            Self::Gender => (plain(50), "gender needs 1 to 50 characters"),
            Self::LastInteraction => (
                text.parse::<Timestamp>().is_ok(),
                "last_interaction_at is not RFC 3339, for example 2026-01-31T12:00:00Z",
            ),
            Self::Locale => (
                plain(35) && text.bytes().all(is_tag),
                "locale needs 1 to 35 letters, digits, '-' and '_', for example pl_PL",
            ),
            Self::Name => (PersonName::parse(text).is_ok(), "name needs 1 to 200 characters"),
            Self::Picture => (
                plain(2_000) && (text.starts_with("https://") || text.starts_with("http://")),
                "picture_url must begin with https:// or http://, and have 2,000 characters at most",
            ),
            Self::TimeZone => (plain(50), "time_zone needs 1 to 50 characters"),
        };
        (!fits).then_some(remedy)
    }
}

/// What a channel said in a field. Debug prints none.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileValue(String);

impl ProfileValue {
    /// As it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The value itself. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProfileValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileValue(redacted)")
    }
}

/// What a channel tells of whom it knows by an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelProfile {
    pub channel: ChannelId,
    pub of: AddressKind,
    pub values: BTreeMap<ProfileField, ProfileValue>,
    /// When; `None`: now.
    pub at: Option<Timestamp>,
}

impl ChannelProfile {
    /// Reads what is told together with what is given. `None`: nothing is told. Refused where the kind of the channel has no such field or
    /// id, and where that by which it knows people is missing.
    pub fn read(
        (channel, network): (Option<&ChannelId>, Option<Network>),
        given: &Given,
        told: impl IntoIterator<Item = (String, String)>,
        at: Option<Timestamp>,
    ) -> Result<Option<Self>, Invalid> {
        if given.page.is_some() && network.map(Network::knows_by) != Some(AddressKind::PageScoped) {
            let remedy = "is known of channels of kind facebook and instagram only; leave it out";
            return Err(Invalid::new("page_scoped_id", remedy));
        }
        let mut values = BTreeMap::new();
        for (word, text) in told {
            let field = network
                .into_iter()
                .flat_map(Network::tells)
                .find(|field| field.word() == word);
            let Some(field) = field else {
                return Err(Invalid::new("profile", unknown(network)));
            };
            if let Some(remedy) = field.wrong(&text) {
                return Err(Invalid::new("profile", remedy));
            }
            values.insert(*field, ProfileValue(text));
        }
        let (Some(channel), Some(network), false) = (channel, network, values.is_empty()) else {
            return match values.is_empty() {
                true => Ok(None),
                false => Err(Invalid::new("channel", "is needed with a profile")),
            };
        };
        let of = network.knows_by();
        let is_known = match of {
            AddressKind::PageScoped => given.page.is_some(),
            _ => given.phone.is_some(),
        };
        if !is_known {
            let remedy = format!("is told without the {} whose it is", of.word());
            return Err(Invalid::new("profile", remedy));
        }
        Ok(Some(Self {
            channel: channel.clone(),
            of,
            values,
            at,
        }))
    }
}

fn unknown(network: Option<Network>) -> String {
    let words: Vec<&str> = network
        .into_iter()
        .flat_map(Network::tells)
        .map(|field| field.word())
        .collect();
    match words.is_empty() {
        true => "is told by channels of kind facebook and whatsapp only; leave it out".into(),
        false => format!("may have {} only in this channel", words.join(", ")),
    }
}

/// What is kept of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptProfile {
    pub channel: String,
    pub address: AddressId,
    pub values: BTreeMap<ProfileField, (ProfileValue, Timestamp)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PageScopedId, Phone};
    use domain::Country;

    fn given(id: Option<&str>, phone: bool) -> Given {
        let channel = ChannelId::parse("page").expect("a channel");
        let phone = phone.then(|| Phone::parse("600700123", Country::parse("PL").ok()).expect("a phone"));
        let page = id.map(|id| PageScopedId::parse(channel, id).expect("an id"));
        Given::new(None, phone, None, page).expect("somebody")
    }

    fn read(
        network: Option<Network>,
        given: &Given,
        field: &str,
        text: &str,
    ) -> Result<Option<ChannelProfile>, Invalid> {
        let channel = ChannelId::parse("page").expect("a channel");
        let told = [(field.to_owned(), text.to_owned())];
        ChannelProfile::read((Some(&channel), network), given, told, None)
    }

    /// Which kind of channel tells what: a line each, and whether it is taken.
    #[test]
    fn each_kind_of_channel_tells_its_own_fields() {
        let fields = [
            ("name", "Ann"),
            ("picture_url", "https://example.com/1.jpg"),
            ("gender", "female"),
            ("time_zone", "+01:00"),
            ("locale", "pl_PL"),
            ("last_interaction_at", "2026-01-31T12:00:00Z"),
            ("shoe_size", "38"),
        ];
        let (page, phone) = (given(Some("1"), false), given(None, true));
        for (network, given, taken) in [
            (
                Some(Network::Facebook),
                &page,
                [true, true, true, true, true, true, false],
            ),
            (
                Some(Network::Whatsapp),
                &phone,
                [true, false, false, false, false, false, false],
            ),
            (Some(Network::Instagram), &page, [false; 7]),
            (None, &phone, [false; 7]),
        ] {
            let told = fields.map(|(field, text)| matches!(read(network, given, field, text), Ok(Some(_))));
            assert_eq!(told, taken, "{network:?}");
        }
    }

    #[test]
    fn what_belongs_to_nobody_and_what_is_no_value_is_refused_by_field() {
        let facebook = Some(Network::Facebook);
        let (page, phone) = (given(Some("1"), false), given(None, true));
        for (network, given, field, text, named) in [
            (facebook, &phone, "name", "Ann", "profile"),
            (Some(Network::Whatsapp), &page, "name", "Ann", "page_scoped_id"),
            (None, &page, "name", "Ann", "page_scoped_id"),
            (facebook, &page, "name", " ", "profile"),
            (facebook, &page, "picture_url", "javascript:alert(1)", "profile"),
            (facebook, &page, "locale", "pl PL", "profile"),
            (facebook, &page, "last_interaction_at", "yesterday", "profile"),
            (facebook, &page, "gender", "a\nb", "profile"),
        ] {
            let refused = read(network, given, field, text).expect_err(field);
            assert_eq!(refused.field, named, "{field}");
            assert!(
                !refused.remedy.contains(text) || text.trim().is_empty(),
                "{}",
                refused.remedy
            );
        }
    }

    #[test]
    fn a_page_scoped_id_is_read_back_with_its_channel() {
        let channel = ChannelId::parse("page").expect("a channel");
        let id = PageScopedId::parse(channel, "7/8").expect("an id");
        assert_eq!((id.expose(), id.whole()), ("7/8", "page/7/8"));
        assert_eq!(PageScopedId::stored(id.whole()), Some(id));
        assert_eq!(PageScopedId::stored("7"), None);
    }
}
