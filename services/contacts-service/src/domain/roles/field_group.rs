use super::super::{AddressKind, Field};
use domain::Invalid;
use serde::{Deserialize, Serialize};

/// What a role sees or not as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldGroup {
    Name,
    Phones,
    Emails,
    ExternalIds,
    PageScopedIds,
    /// What channels tell of the person.
    Profiles,
    TimeZone,
    Stage,
    /// The channel in which the person first gave an address, and what they gave in which.
    Source,
    Tags,
    Data,
    Purchases,
    Interactions,
    Consents,
}

impl FieldGroup {
    pub const ALL: [Self; 14] = [
        Self::Name,
        Self::Phones,
        Self::Emails,
        Self::ExternalIds,
        Self::PageScopedIds,
        Self::Profiles,
        Self::TimeZone,
        Self::Stage,
        Self::Source,
        Self::Tags,
        Self::Data,
        Self::Purchases,
        Self::Interactions,
        Self::Consents,
    ];

    /// What a merge moves or fills, and so does whatever else joins and parts people.
    pub const MERGED: [Self; 10] = [
        Self::Name,
        Self::Phones,
        Self::Emails,
        Self::ExternalIds,
        Self::PageScopedIds,
        Self::Profiles,
        Self::TimeZone,
        Self::Stage,
        Self::Tags,
        Self::Data,
    ];

    /// As it is stored, and as callers know it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phones => "phones",
            Self::Emails => "emails",
            Self::ExternalIds => "external_ids",
            Self::PageScopedIds => "page_scoped_ids",
            Self::Profiles => "profiles",
            Self::TimeZone => "time_zone",
            Self::Stage => "stage",
            Self::Source => "source",
            Self::Tags => "tags",
            Self::Data => "data",
            Self::Purchases => "purchases",
            Self::Interactions => "interactions",
            Self::Consents => "consents",
        }
    }

    pub fn from_word(word: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|group| group.word() == word);
        known.ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.into_iter().map(Self::word).collect();
            Invalid::new("fields", format!("may name {} only", words.join(", ")))
        })
    }

    /// False of what comes about by itself: nobody writes it.
    pub fn can_be_changed(self) -> bool {
        !matches!(self, Self::Source | Self::Interactions)
    }

    /// A part of the contact itself, and no list beside it.
    pub fn is_of_contact(self) -> bool {
        !matches!(self, Self::Purchases | Self::Interactions | Self::Consents)
    }

    pub fn of_address(kind: AddressKind) -> Self {
        match kind {
            AddressKind::Phone => Self::Phones,
            AddressKind::Email => Self::Emails,
            AddressKind::External => Self::ExternalIds,
            AddressKind::PageScoped => Self::PageScopedIds,
        }
    }

    /// `None`: it names contacts alone.
    pub fn of_change(field: &Field) -> Option<Self> {
        match field {
            Field::Name => Some(Self::Name),
            Field::Stage => Some(Self::Stage),
            Field::TimeZone => Some(Self::TimeZone),
            Field::Tag => Some(Self::Tags),
            Field::Data(_) => Some(Self::Data),
            Field::Merged => None,
        }
    }
}

/// What a role may do with a field; each may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    Hidden,
    See,
    Edit,
}

impl Access {
    pub fn word(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::See => "see",
            Self::Edit => "edit",
        }
    }
}
