use domain::{DeliveryId, Pu, Timestamp};
use uuid::Uuid;

/// Where money stands. `Available` and `Held` are the customer's, the others are the other sides of its movements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ledger {
    /// What was paid in.
    Funds,
    Available,
    Held,
    /// What was charged.
    Spent,
    /// Charges that no balance covered: accepted after their hold had been given back.
    Shortfall,
    /// What the plan paid in.
    Plan,
    /// What expired.
    Lapsed,
}

impl Ledger {
    const ALL: [Self; 7] = [
        Self::Funds,
        Self::Available,
        Self::Held,
        Self::Spent,
        Self::Shortfall,
        Self::Plan,
        Self::Lapsed,
    ];

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ledger| ledger.word() == word)
    }

    /// The word as stored in the journal.
    pub fn word(self) -> &'static str {
        match self {
            Self::Funds => "funds",
            Self::Available => "available",
            Self::Held => "held",
            Self::Spent => "spent",
            Self::Shortfall => "shortfall",
            Self::Plan => "plan",
            Self::Lapsed => "lapsed",
        }
    }
}

/// Why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    TopUp,
    /// A month of a plan began.
    Allowance,
    /// The rest of what was paid in expired.
    Lapse,
    Hold,
    Capture,
    Release,
    Expire,
    LateCharge,
}

impl Reason {
    const ALL: [Self; 8] = [
        Self::TopUp,
        Self::Allowance,
        Self::Lapse,
        Self::Hold,
        Self::Capture,
        Self::Release,
        Self::Expire,
        Self::LateCharge,
    ];

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// The word as stored in the journal.
    pub fn word(self) -> &'static str {
        match self {
            Self::TopUp => "top_up",
            Self::Allowance => "allowance",
            Self::Lapse => "lapse",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::Expire => "expire",
            Self::LateCharge => "late_charge",
        }
    }
}

/// What a decision does with money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    TopUp(Pu),
    Allowance(Pu),
    Lapse(Pu),
    Hold(Pu),
    Capture(Pu),
    Release(Pu),
    Expire(Pu),
    /// Charges what is no longer, or never was, held.
    ChargeLate(Pu),
}

/// One line of the journal: the amount leaves `debit` and enters `credit`, so every line is balanced by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub reason: Reason,
    pub debit: Ledger,
    pub credit: Ledger,
    /// Greater than zero.
    pub amount: Pu,
}

/// An entry as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    pub id: Uuid,
    pub at: Timestamp,
    pub entry: Entry,
    /// `None`: it is about no delivery.
    pub delivery: Option<DeliveryId>,
    /// Of a top-up.
    pub request_id: Option<String>,
}

/// A workspace's balances: the sums of its journal over `Available` and `Held`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    pub available: Pu,
    pub held: Pu,
}

/// Why a movement cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("the balance does not cover it")]
    NotCovered,
    #[error("more would leave the held balance than it has")]
    HeldTooSmall,
    #[error("the balance would be larger than can be counted")]
    TooLarge,
}

impl Entry {
    /// `None` for an amount of zero: nothing moves.
    fn new(reason: Reason, debit: Ledger, credit: Ledger, amount: Pu) -> Option<Self> {
        (amount > Pu::ZERO).then_some(Self {
            reason,
            debit,
            credit,
            amount,
        })
    }

    /// The line of a new hold; storage proves that the balance covers it.
    pub fn of_hold(amount: Pu) -> Option<Self> {
        Self::new(Reason::Hold, Ledger::Available, Ledger::Held, amount)
    }
}

impl Movement {
    /// A late charge takes the available balance if that covers it, else all of it becomes a shortfall.
    fn entry(self, available: Pu) -> Option<Entry> {
        use Ledger::{Available, Funds, Held, Lapsed, Plan, Shortfall, Spent};
        match self {
            Self::TopUp(amount) => Entry::new(Reason::TopUp, Funds, Available, amount),
            Self::Allowance(amount) => Entry::new(Reason::Allowance, Plan, Available, amount),
            Self::Lapse(amount) => Entry::new(Reason::Lapse, Available, Lapsed, amount),
            Self::Hold(amount) => Entry::of_hold(amount),
            Self::Capture(amount) => Entry::new(Reason::Capture, Held, Spent, amount),
            Self::Release(amount) => Entry::new(Reason::Release, Held, Available, amount),
            Self::Expire(amount) => Entry::new(Reason::Expire, Held, Available, amount),
            Self::ChargeLate(amount) if amount <= available => Entry::new(Reason::LateCharge, Available, Spent, amount),
            Self::ChargeLate(amount) => Entry::new(Reason::LateCharge, Shortfall, Spent, amount),
        }
    }
}

impl Account {
    /// Books a movement: the new balances, never below zero, and the journal's line.
    pub fn book(self, movement: Movement) -> Result<(Self, Option<Entry>), Broken> {
        let Some(entry) = movement.entry(self.available) else {
            return Ok((self, None));
        };
        let mut next = self;
        match entry.debit {
            Ledger::Available => next.available = next.available.minus(entry.amount).ok_or(Broken::NotCovered)?,
            Ledger::Held => next.held = next.held.minus(entry.amount).ok_or(Broken::HeldTooSmall)?,
            Ledger::Funds | Ledger::Spent | Ledger::Shortfall | Ledger::Plan | Ledger::Lapsed => {}
        }
        match entry.credit {
            Ledger::Available => next.available = next.available.plus(entry.amount).ok_or(Broken::TooLarge)?,
            Ledger::Held => next.held = next.held.plus(entry.amount).ok_or(Broken::TooLarge)?,
            Ledger::Funds | Ledger::Spent | Ledger::Shortfall | Ledger::Plan | Ledger::Lapsed => {}
        }
        Ok((next, Some(entry)))
    }
}
