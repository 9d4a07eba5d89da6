//! Which contacts are meant: filters, what they mean, and which of them a purpose permits.

mod lex;
mod parse;
#[cfg(test)]
mod tests;

pub use parse::parse;

use super::roles::{FieldDenied, FieldGroup, Rights};
use super::{DataKey, DataValue, OrderStatus, Purpose, Stage, Tag};
use domain::{ChannelId, Invalid, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a filter at most.
pub const LENGTH: usize = 4_000;
/// How deep brackets and `not` may stand within each other.
pub const DEPTH: usize = 16;
/// Conditions of a filter at most; each value of a list counts as one.
pub const TERMS: usize = 50;
/// Custom values that it asks for, by key, at most: each is looked up in a table of all of them.
pub const KEYS: usize = 8;

/// Which contacts are meant. Debug prints no value: people said them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of these hold; of none: everybody.
    All(Vec<Filter>),
    /// At least one of these holds.
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Is(Term),
}

/// One condition. Of what is not there nothing holds but what can be said of nothing: no orders, and none bought for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    Stage(Stage),
    /// Has one of these tags.
    Tag(Vec<Tag>),
    /// First gave an address in one of these channels.
    Source(Vec<ChannelId>),
    HasSource,
    /// The custom value is one of these.
    Data(DataKey, Vec<DataValue>),
    HasData(DataKey),
    /// So many orders that stand.
    Orders(Comparison, i64),
    /// All orders that stand, in minor units of a currency.
    Spent(Currency, Comparison, i64),
    /// When the last order that stands was placed.
    LastOrder(Comparison, Timestamp),
    Created(Comparison, Timestamp),
    /// When the person last gave an address or a name that was new in its channel.
    Captured(Comparison, Timestamp),
    /// When a field was last changed.
    Changed(Comparison, Timestamp),
    /// A consent for outreach stands.
    Consented,
}

/// ISO 4217: three capital letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Currency(String);

impl Currency {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a number or a time is compared with the one that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Comparison {
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Below,
        Self::AtMost,
        Self::Above,
        Self::AtLeast,
    ];

    /// As it is written in a filter.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }

    pub fn holds<T: Ord>(self, one: T, other: T) -> bool {
        match self {
            Self::Equal => one == other,
            Self::NotEqual => one != other,
            Self::Below => one < other,
            Self::AtMost => one <= other,
            Self::Above => one > other,
            Self::AtLeast => one >= other,
        }
    }
}

/// Why a filter is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be read, or is too much.
    Unreadable(Invalid),
    /// It asks for what serves another purpose.
    Purpose(Invalid),
}

impl Term {
    /// True where a segment for the purpose may ask for it. Who may ask for a value may find it out, one question after
    /// the other; so what outreach may not see, it may not ask for. It may ask for what it sees anyway, and for the
    /// workspace's own words about a person, stage and tags.
    pub fn serves(&self, purpose: Purpose) -> bool {
        match (purpose, self) {
            (Purpose::Support, _) => true,
            (Purpose::Outreach, Self::Stage(_) | Self::Tag(_) | Self::Created(..) | Self::Consented) => true,
            (
                Purpose::Outreach,
                Self::Source(_)
                | Self::HasSource
                | Self::Data(..)
                | Self::HasData(_)
                | Self::Orders(..)
                | Self::Spent(..)
                | Self::LastOrder(..)
                | Self::Captured(..)
                | Self::Changed(..),
            ) => false,
        }
    }
}

impl Term {
    /// The field that it asks for; who does not see that may not ask. None: when something was noted, and nothing of it.
    pub fn field(&self) -> Option<FieldGroup> {
        match self {
            Self::Stage(_) => Some(FieldGroup::Stage),
            Self::Tag(_) => Some(FieldGroup::Tags),
            Self::Source(_) | Self::HasSource => Some(FieldGroup::Source),
            Self::Data(..) | Self::HasData(_) => Some(FieldGroup::Data),
            Self::Orders(..) | Self::Spent(..) | Self::LastOrder(..) => Some(FieldGroup::Purchases),
            Self::Consented => Some(FieldGroup::Consents),
            Self::Created(..) | Self::Captured(..) | Self::Changed(..) => None,
        }
    }
}

/// An order that came to nothing counts as none.
pub fn stands(status: OrderStatus) -> bool {
    !matches!(
        status,
        OrderStatus::Cancelled | OrderStatus::Returned | OrderStatus::Refunded
    )
}

/// What filters ask of one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub stage: Stage,
    pub tags: BTreeSet<Tag>,
    pub source: Option<ChannelId>,
    pub data: BTreeMap<DataKey, DataValue>,
    /// Currency, total in minor units and time of each order that stands.
    pub orders: Vec<(Currency, i64, Timestamp)>,
    pub created: Timestamp,
    pub captured: Option<Timestamp>,
    pub changed: Option<Timestamp>,
    pub consented: bool,
}

impl Filter {
    /// What a filter means; the statement that looks for contacts is held against it.
    pub fn holds(&self, of: &Subject) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.holds(of)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(of)),
            Self::Not(filter) => !filter.holds(of),
            Self::Is(term) => term.holds(of),
        }
    }

    /// Refused where it asks for what may not be seen.
    pub fn check(&self, rights: &Rights) -> Result<(), FieldDenied> {
        let fields = self.terms().into_iter().filter_map(Term::field);
        fields.into_iter().try_for_each(|field| rights.must_see(field))
    }

    /// Every condition, in the order in which they are written.
    pub fn terms(&self) -> Vec<&Term> {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().flat_map(Self::terms).collect(),
            Self::Not(filter) => filter.terms(),
            Self::Is(term) => vec![term],
        }
    }
}

impl Term {
    fn holds(&self, of: &Subject) -> bool {
        let time = |known: Option<Timestamp>, comparison: Comparison, at: &Timestamp| {
            known.is_some_and(|known| comparison.holds(known, *at))
        };
        match self {
            Self::Stage(stage) => of.stage == *stage,
            Self::Tag(tags) => tags.iter().any(|tag| of.tags.contains(tag)),
            Self::Source(channels) => of.source.as_ref().is_some_and(|source| channels.contains(source)),
            Self::HasSource => of.source.is_some(),
            Self::Data(key, values) => of.data.get(key).is_some_and(|value| values.contains(value)),
            Self::HasData(key) => of.data.contains_key(key),
            Self::Orders(comparison, count) => {
                comparison.holds(i128::try_from(of.orders.len()).unwrap_or(i128::MAX), i128::from(*count))
            }
            Self::Spent(currency, comparison, total) => {
                let orders = of.orders.iter().filter(|(known, ..)| known == currency);
                let spent: i128 = orders.map(|(_, total, _)| i128::from(*total)).sum();
                comparison.holds(spent, i128::from(*total))
            }
            Self::LastOrder(comparison, at) => {
                time(of.orders.iter().map(|(.., placed)| *placed).max(), *comparison, at)
            }
            Self::Created(comparison, at) => comparison.holds(of.created, *at),
            Self::Captured(comparison, at) => time(of.captured, *comparison, at),
            Self::Changed(comparison, at) => time(of.changed, *comparison, at),
            Self::Consented => of.consented,
        }
    }
}
