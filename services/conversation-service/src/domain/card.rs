//! Structured messages of agents that a shop acts on, and what came of them: told in any order and however often, it comes to the
//! same end.

use super::automatic::check_link;
use super::refused::Refused;
use domain::{Invalid, Timestamp, limits};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

const MAX_LINES: usize = 50;
const MAX_QUANTITY: u32 = 10_000;
const MAX_TITLE: usize = 200;
const MAX_AMOUNT: i64 = 1_000_000_000_000;
const MAX_REASON: usize = 60;
/// Currencies without minor units, and those of three digits; the others have two (ISO 4217).
const WITHOUT: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
];
const OF_THREE: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMN", "TND"];

/// What a card is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    Product,
    Order,
    Payment,
}

/// One thing that is to be ordered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLine {
    /// The shop's own id of it; may be empty.
    pub sku: String,
    pub title: String,
    pub quantity: u32,
}

/// What an agent says in a structured way. Debug prints only what it is about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub id: Uuid,
    pub kind: CardKind,
    pub title: String,
    /// The shop's own id of the product, or of what is to be paid; may be empty.
    pub reference: String,
    /// Of orders only.
    pub lines: Vec<CardLine>,
    /// Minor units.
    pub amount: i64,
    /// Empty: no amount is meant.
    pub currency: String,
    /// May be empty.
    pub url: String,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card({}, {:?})", self.id, self.kind)
    }
}

impl fmt::Debug for CardLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardLine({})", self.quantity)
    }
}

impl CardLine {
    fn check(&self) -> Result<(), Invalid> {
        check_title("title", &self.title)?;
        check_id("sku", &self.sku)?;
        if (1..=MAX_QUANTITY).contains(&self.quantity) {
            Ok(())
        } else {
            Err(Invalid::new("quantity", "must be 1 to 10,000"))
        }
    }
}

impl Card {
    /// Refuses what no shop could act on, by the field.
    pub fn check(&self) -> Result<(), Refused> {
        check_title("card.title", &self.title)?;
        check_id("card.reference", &self.reference)?;
        let ordered = self.kind == CardKind::Order;
        if ordered == self.lines.is_empty() || self.lines.len() > MAX_LINES {
            let remedy = "an order needs 1 to 50; the others have none";
            return Err(Refused::new("card.lines", remedy));
        }
        for (index, line) in self.lines.iter().enumerate() {
            line.check()
                .map_err(|wrong| Refused::within(format_args!("card.lines[{index}]"), wrong))?;
        }
        self.check_amount()?;
        if !self.url.is_empty() {
            check_link("card.url", &self.url)?;
        }
        Ok(())
    }

    fn check_amount(&self) -> Result<(), Invalid> {
        let is_code = self.currency.len() == 3 && self.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_code && !self.currency.is_empty() {
            return Err(Invalid::new(
                "card.currency",
                "must be three capital letters (ISO 4217)",
            ));
        }
        let least = match self.kind {
            CardKind::Payment => 1,
            CardKind::Product | CardKind::Order => 0,
        };
        if !(least..=MAX_AMOUNT).contains(&self.amount) {
            let remedy = "must be 0 to 1,000,000,000,000 minor units, of a payment 1 at least";
            return Err(Invalid::new("card.amount_minor", remedy));
        }
        if self.currency.is_empty() && self.amount > 0 {
            return Err(Invalid::new("card.currency", "is missing; say of what the amount is"));
        }
        Ok(())
    }

    /// What it says where only words are shown.
    pub fn words(&self) -> String {
        let mut words = vec![self.title.clone()];
        words.extend(
            self.lines
                .iter()
                .map(|line| format!("{} x {}", line.quantity, line.title)),
        );
        if !self.currency.is_empty() {
            words.push(amount(self.amount, &self.currency));
        }
        if !self.url.is_empty() {
            words.push(self.url.clone());
        }
        words.join("\n")
    }

    /// Whether it says the same, whichever id it was given.
    pub fn says(&self, other: &Self) -> bool {
        *self
            == Self {
                id: self.id,
                ..other.clone()
            }
    }
}

/// `1234 PLN` as 12.34 PLN.
fn amount(minor: i64, currency: &str) -> String {
    let digits = match currency {
        code if WITHOUT.contains(&code) => return format!("{minor} {currency}"),
        code if OF_THREE.contains(&code) => 3,
        _ => 2,
    };
    let unit = 10_i64.pow(digits);
    let width = digits as usize;
    format!("{}.{:0width$} {currency}", minor / unit, minor % unit)
}

fn check_title(field: &'static str, text: &str) -> Result<(), Invalid> {
    let fits = (1..=MAX_TITLE).contains(&text.chars().count()) && !text.trim().is_empty();
    if fits && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Invalid::new(
            field,
            "needs 1 to 200 characters without control characters",
        ))
    }
}

/// A shop's own id; may be empty.
fn check_id(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.len() <= limits::FOREIGN_ID_BYTES && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Invalid::new(
            field,
            "must be at most 200 bytes without control characters",
        ))
    }
}

/// How far a card has come. What stands later outdoes what stands before it: money that moved is worth more than a word that it
/// would not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CardState {
    Requested,
    Ready,
    Failed,
    Cancelled,
    Done,
}

impl CardState {
    pub const ALL: [Self; 5] = [Self::Requested, Self::Ready, Self::Failed, Self::Cancelled, Self::Done];

    /// The word as stored, and as events say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What came of a card, or is told of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CardOutcome {
    pub state: CardState,
    /// The shop's number; may be empty.
    pub reference: String,
    /// Where the customer goes on; may be empty.
    pub url: String,
    /// A code; may be empty.
    pub reason: String,
    pub at: Timestamp,
    /// 1 once it was said; grows by one with each change.
    pub version: u64,
}

impl fmt::Debug for CardOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardOutcome({:?}, version {})", self.state, self.version)
    }
}

impl CardOutcome {
    /// Of a card that was just said.
    pub fn requested(at: Timestamp) -> Self {
        Self {
            state: CardState::Requested,
            reference: String::new(),
            url: String::new(),
            reason: String::new(),
            at,
            version: 1,
        }
    }

    /// Refuses what a shop cannot mean, by the field.
    pub fn check(&self) -> Result<(), Invalid> {
        check_id("data.reference", &self.reference)?;
        if !self.url.is_empty() {
            check_link("data.url", &self.url)?;
        }
        let is_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if self.reason.len() > MAX_REASON || !self.reason.bytes().all(is_code) {
            return Err(Invalid::new(
                "data.reason",
                "must be a code of at most 60 characters out of a-z, 0-9, `.`, `_` and `-`",
            ));
        }
        Ok(())
    }

    /// After something more was told; `None`: that was nothing new. The furthest word counts as a whole, of two that say the same the
    /// later.
    pub fn after(&self, told: Self) -> Option<Self> {
        (told.rank() > self.rank()).then(|| Self {
            version: self.version + 1,
            ..told
        })
    }

    fn rank(&self) -> (CardState, Timestamp, &str, &str, &str) {
        (self.state, self.at, &self.reference, &self.url, &self.reason)
    }

    /// Does it name a place to go on that `before` did not?
    pub fn shows_a_way(&self, before: &Self) -> bool {
        self.state == CardState::Ready && !self.url.is_empty() && self.url != before.url
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn card(kind: CardKind) -> Card {
        let lines = match kind {
            CardKind::Order => vec![CardLine {
                sku: "sh-38".into(),
                title: "Shoes".into(),
                quantity: 2,
            }],
            CardKind::Product | CardKind::Payment => Vec::new(),
        };
        Card {
            id: Uuid::from_u128(1),
            kind,
            title: "Your shoes".into(),
            reference: String::new(),
            lines,
            amount: 12_900,
            currency: "PLN".into(),
            url: "https://shop.example/p/1".into(),
        }
    }

    #[test]
    fn what_no_shop_could_act_on_is_refused_by_its_field() {
        for kind in [CardKind::Product, CardKind::Order, CardKind::Payment] {
            assert_eq!(card(kind).check(), Ok(()));
        }
        let wrong: [(&str, Card); 9] = [
            (
                "card.title",
                Card {
                    title: " ".into(),
                    ..card(CardKind::Product)
                },
            ),
            (
                "card.title",
                Card {
                    title: "x".repeat(201),
                    ..card(CardKind::Product)
                },
            ),
            (
                "card.reference",
                Card {
                    reference: "a\nb".into(),
                    ..card(CardKind::Product)
                },
            ),
            (
                "card.lines",
                Card {
                    lines: Vec::new(),
                    ..card(CardKind::Order)
                },
            ),
            (
                "card.lines",
                Card {
                    kind: CardKind::Payment,
                    ..card(CardKind::Order)
                },
            ),
            (
                "card.amount_minor",
                Card {
                    amount: 0,
                    ..card(CardKind::Payment)
                },
            ),
            (
                "card.amount_minor",
                Card {
                    amount: -1,
                    ..card(CardKind::Product)
                },
            ),
            (
                "card.currency",
                Card {
                    currency: "zł".into(),
                    ..card(CardKind::Payment)
                },
            ),
            (
                "card.currency",
                Card {
                    currency: String::new(),
                    ..card(CardKind::Payment)
                },
            ),
        ];
        for (field, card) in wrong {
            assert_eq!(card.check().map_err(|wrong| wrong.field), Err(field.into()), "{card:?}");
        }
        let mut none = card(CardKind::Order);
        none.lines[0].quantity = 0;
        assert_eq!(
            none.check().map_err(|wrong| wrong.field),
            Err("card.lines[0].quantity".into())
        );
        let script = Card {
            url: "javascript:alert(1)".into(),
            ..card(CardKind::Product)
        };
        assert_eq!(script.check().map_err(|wrong| wrong.field), Err("card.url".into()));
    }

    #[test]
    fn words_say_all_that_a_customer_needs() {
        assert_eq!(
            card(CardKind::Order).words(),
            "Your shoes\n2 x Shoes\n129.00 PLN\nhttps://shop.example/p/1"
        );
        let bare = Card {
            currency: String::new(),
            amount: 0,
            url: String::new(),
            ..card(CardKind::Product)
        };
        assert_eq!(bare.words(), "Your shoes");
        for (minor, currency, said) in [
            (5, "EUR", "0.05 EUR"),
            (1_500, "JPY", "1500 JPY"),
            (1_234, "KWD", "1.234 KWD"),
        ] {
            assert_eq!(amount(minor, currency), said);
        }
    }

    fn outcome() -> impl Strategy<Value = CardOutcome> {
        let text = || prop::sample::select(vec!["", "a", "b"]);
        (0..4usize, text(), text(), text(), 1..4_i64).prop_map(|(state, reference, url, reason, second)| CardOutcome {
            state: CardState::ALL[state + 1],
            reference: reference.into(),
            url: url.into(),
            reason: reason.into(),
            at: Timestamp::from_second(second).expect("a time"),
            version: 0,
        })
    }

    fn fold(told: &[CardOutcome]) -> CardOutcome {
        let start = CardOutcome::requested(Timestamp::from_second(0).expect("a time"));
        told.iter()
            .fold(start, |present, one| present.after(one.clone()).unwrap_or(present))
    }

    proptest! {
        #[test]
        fn the_furthest_word_counts_in_whatever_order_and_repetition_changes_nothing(
            told in prop::collection::vec(outcome(), 1..12), turn in 0..12usize,
        ) {
            let mut turned = told.clone();
            turned.rotate_left(turn % told.len());
            turned.reverse();
            let (one, other) = (fold(&told), fold(&turned));
            prop_assert_eq!(one.rank(), other.rank());
            prop_assert!(told.iter().all(|again| one.after(again.clone()).is_none()));
        }
    }
}
