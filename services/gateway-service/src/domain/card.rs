//! Cards in the words of HTTP and of the socket: what an agent says in a structured way, and what a shop made of it.

use super::words::{optional, time};
use events::common::{CardKind as Wire, CardState as WireState};
use rpc::conversation as wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a card is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// Something that the customer could buy.
    Product,
    /// What the shop is to put together for the customer.
    Order,
    /// What the customer is to pay.
    Payment,
}

impl CardKind {
    fn of_wire(wire: Wire) -> Option<Self> {
        match wire {
            Wire::Unspecified => None,
            Wire::Product => Some(Self::Product),
            Wire::Order => Some(Self::Order),
            Wire::Payment => Some(Self::Payment),
        }
    }

    fn on_wire(self) -> Wire {
        match self {
            Self::Product => Wire::Product,
            Self::Order => Wire::Order,
            Self::Payment => Wire::Payment,
        }
    }
}

/// One thing that is to be ordered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardLine {
    /// The shop's own id of it; at most 200 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sku: String,
    /// 1 to 200 characters.
    pub title: String,
    /// 1 to 10,000.
    pub quantity: u32,
}

/// What an agent says in a structured way.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub kind: CardKind,
    /// 1 to 200 characters.
    pub title: String,
    /// The shop's own id of the product, or of what is to be paid; at most 200 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// Of an order: 1 to 50; of others none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<CardLine>,
    /// In minor units of the currency, 0 to 1,000,000,000,000; of a payment 1 at least.
    #[serde(default)]
    pub amount_minor: i64,
    /// ISO 4217; left out where no amount is meant, which a payment needs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub currency: String,
    /// Where to look, or to pay; http or https, at most 500 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
}

impl Card {
    pub fn on_wire(self) -> wire::Card {
        let lines = self.lines.into_iter().map(|line| wire::CardLine {
            sku: line.sku,
            title: line.title,
            quantity: line.quantity,
        });
        wire::Card {
            card: String::new(),
            kind: self.kind.on_wire().into(),
            title: self.title,
            reference: self.reference,
            lines: lines.collect(),
            amount_minor: self.amount_minor,
            currency: self.currency,
            url: self.url,
        }
    }

    fn of_wire(found: wire::Card) -> Option<Self> {
        let kind = CardKind::of_wire(found.kind())?;
        let lines = found.lines.into_iter().map(|line| CardLine {
            sku: line.sku,
            title: line.title,
            quantity: line.quantity,
        });
        Some(Self {
            kind,
            title: found.title,
            reference: found.reference,
            lines: lines.collect(),
            amount_minor: found.amount_minor,
            currency: found.currency,
            url: found.url,
        })
    }
}

/// What a shop told of a card.
#[derive(Debug, Clone, Serialize, JsonSchema, ToSchema)]
pub struct CardOutcome {
    /// requested, ready, failed, cancelled or done.
    pub state: String,
    /// The shop's number of the order or payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where the customer goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A code of the shop's, with failed and cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Grows by one with each change.
    pub version: u64,
}

impl From<wire::CardOutcome> for CardOutcome {
    fn from(told: wire::CardOutcome) -> Self {
        let state = match told.state() {
            WireState::Unspecified | WireState::Requested => "requested",
            WireState::Ready => "ready",
            WireState::Failed => "failed",
            WireState::Cancelled => "cancelled",
            WireState::Done => "done",
        };
        Self {
            state: state.into(),
            reference: optional(told.reference),
            url: optional(told.url),
            reason: optional(told.reason),
            at: time(told.at),
            version: told.version,
        }
    }
}

/// A card with what came of it.
#[derive(Debug, Clone, Serialize, JsonSchema, ToSchema)]
pub struct CardShown {
    /// UUID.
    pub id: String,
    pub card: Card,
    /// Absent where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CardOutcome>,
}

impl CardShown {
    /// `None`: one that this version does not know.
    pub fn of_wire(found: wire::CardShown) -> Option<Self> {
        let card = found.card?;
        Some(Self {
            id: card.card.clone(),
            card: Card::of_wire(card)?,
            outcome: found.outcome.map(Into::into),
        })
    }
}
