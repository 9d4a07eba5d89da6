//! Orders as shops tell of them. Of one order the highest version counts, in whatever order the versions arrive.

use super::{DataKey, DataValue};
use domain::{IntegrationId, Invalid, Timestamp};
use std::collections::BTreeMap;

/// The largest version: numbers of JSON are exact up to here.
const VERSION: u64 = (1 << 53) - 1;
/// Amounts in minor units end here: more is a mistake.
const MINOR: i64 = 1_000_000_000_000;
/// Lines of an order.
const LINES: usize = 100;
/// Parcels of an order.
const PARCELS: usize = 20;
/// Custom values that an order tells of its customer.
const DATA: usize = 20;
/// Of one thing in an order.
const QUANTITY: u32 = 1_000_000;

/// The name of an order: the shop's own id of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderKey {
    pub integration: IntegrationId,
    pub order: String,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    Placed,
    Paid,
    Processing,
    Shipped,
    Delivered,
    Cancelled,
    Returned,
    Refunded,
}

impl OrderStatus {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Placed, "placed"),
        (Self::Paid, "paid"),
        (Self::Processing, "processing"),
        (Self::Shipped, "shipped"),
        (Self::Delivered, "delivered"),
        (Self::Cancelled, "cancelled"),
        (Self::Returned, "returned"),
        (Self::Refunded, "refunded"),
    ];

    /// As shops say it, and as stored in tables.
    pub fn word(self) -> &'static str {
        let known = Self::ALL.into_iter().find(|(status, _)| *status == self);
        known.map_or("", |(_, word)| word)
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, known)| *known == word)
            .map(|(status, _)| status)
    }
}

/// One version of an order: all of it as it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// 1 to 2^53 - 1.
    pub version: u64,
    pub status: OrderStatus,
    /// ISO 4217.
    pub currency: String,
    /// In minor units, never negative.
    pub total_minor: i64,
    /// 1 to 100.
    pub lines: Vec<OrderLine>,
    /// At most 20.
    pub parcels: Vec<Parcel>,
    /// The channel it came by, if the shop said.
    pub channel: Option<String>,
    pub placed_at: Timestamp,
    /// When this version happened.
    pub changed_at: Timestamp,
    /// Custom values of the customer; at most 20.
    pub data: BTreeMap<DataKey, DataValue>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    pub name: String,
    pub sku: Option<String>,
    pub quantity: u32,
    /// Price of one in minor units, never negative.
    pub unit_minor: i64,
}

/// One parcel of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub carrier: String,
    pub tracking_number: String,
    pub tracking_url: Option<String>,
    /// In the carrier's words.
    pub status: Option<String>,
}

/// What was told of an order once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderVersion {
    pub version: u64,
    pub status: OrderStatus,
    /// When it happened, as the shop says.
    pub at: Timestamp,
    pub recorded_at: Timestamp,
}

/// A stored order with its history, newest version first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub key: OrderKey,
    /// Its data are what all versions told.
    pub order: Order,
    pub history: Vec<OrderVersion>,
}

impl Order {
    /// Checks what the types leave open.
    pub fn check(self) -> Result<Self, Invalid> {
        if !(1..=VERSION).contains(&self.version) {
            return Err(Invalid::new("version", "must be 1 to 9007199254740991, and grow"));
        }
        if self.currency.len() != 3 || !self.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Invalid::new(
                "currency",
                "needs three capital letters of ISO 4217, for example PLN",
            ));
        }
        minor("total_minor", self.total_minor)?;
        if !(1..=LINES).contains(&self.lines.len()) {
            return Err(Invalid::new("lines", "must be 1 to 100"));
        }
        if self.parcels.len() > PARCELS {
            return Err(Invalid::new("parcels", "may be 20 at most"));
        }
        if self.data.len() > DATA {
            return Err(Invalid::new("data", "may have 20 keys at most"));
        }
        Ok(self)
    }
}

impl OrderLine {
    /// Checks what the types leave open.
    pub fn check(self) -> Result<Self, Invalid> {
        text("name", &self.name, 200)?;
        optional("sku", self.sku.as_deref(), 100)?;
        if !(1..=QUANTITY).contains(&self.quantity) {
            return Err(Invalid::new("quantity", "must be 1 to 1000000"));
        }
        minor("unit_minor", self.unit_minor)?;
        Ok(self)
    }
}

impl Parcel {
    /// Checks what the types leave open. A link that is neither http nor https is refused: somebody will follow it.
    pub fn check(self) -> Result<Self, Invalid> {
        text("carrier", &self.carrier, 100)?;
        text("tracking_number", &self.tracking_number, 100)?;
        optional("tracking_url", self.tracking_url.as_deref(), 500)?;
        optional("status", self.status.as_deref(), 100)?;
        let web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        if self.tracking_url.as_deref().is_some_and(|url| !web(url)) {
            return Err(Invalid::new("tracking_url", "must begin with https:// or http://"));
        }
        Ok(self)
    }
}

fn minor(field: &'static str, amount: i64) -> Result<(), Invalid> {
    match (0..=MINOR).contains(&amount) {
        true => Ok(()),
        false => Err(Invalid::new(field, "must be 0 to 1000000000000 minor units")),
    }
}

fn text(field: &'static str, text: &str, most: usize) -> Result<(), Invalid> {
    match !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(Invalid::new(
            field,
            format!("needs 1 to {most} characters, none of them control characters"),
        )),
    }
}

fn optional(field: &'static str, given: Option<&str>, most: usize) -> Result<(), Invalid> {
    given.map_or(Ok(()), |given| text(field, given, most))
}

/// What is kept of an order already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub version: u64,
    /// The version that said whose it is.
    pub contact_version: u64,
}

/// What a version changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// It is the order from now on.
    pub content: bool,
    /// It says whose the order is.
    pub contact: bool,
}

/// Decides what a version of a kept order changes; `named`: it says whose it is. The end is the same in whatever order versions
/// arrive, and however often.
pub fn step(kept: Kept, version: u64, named: bool) -> Step {
    Step {
        content: version > kept.version,
        contact: named && version > kept.contact_version,
    }
}

/// What an order tells of its customer: by key the highest version that names it, and what that says.
pub type Said = BTreeMap<DataKey, (u64, DataValue)>;

/// What a version says that no higher one has said otherwise.
pub fn news(before: &Said, order: &Order) -> Said {
    let said = order.data.iter();
    let said = said.filter(|(key, _)| before.get(*key).is_none_or(|(version, _)| *version < order.version));
    said.map(|(key, value)| (key.clone(), (order.version, value.clone())))
        .collect()
}

/// The custom values that a customer gets of what an order says. Gaps are filled, as long as there is `room`, and what the order said `before` is
/// replaced; what somebody set or removed otherwise stays.
pub fn handed_on(
    before: &Said,
    said: &Said,
    present: &BTreeMap<DataKey, DataValue>,
    room: usize,
) -> BTreeMap<DataKey, Option<DataValue>> {
    let told = |key: &DataKey| before.get(key).map(|(_, value)| value);
    let is_gap = |key: &DataKey| present.get(key).is_none() && told(key).is_none();
    let gaps = said.keys().filter(|key| is_gap(key)).take(room);
    let replaced = said
        .keys()
        .filter(|key| told(key).is_some() && told(key) == present.get(*key));
    let value = |key: &DataKey| Some((key.clone(), said.get(key).map(|(_, value)| value.clone())));
    gaps.chain(replaced).filter_map(value).collect()
}

#[cfg(test)]
#[path = "purchase_tests.rs"]
mod tests;
