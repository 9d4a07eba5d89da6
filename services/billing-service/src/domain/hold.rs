use super::{Kind, Movement};
use domain::{Country, DeliveryId, Invalid, Pu};

/// What is to be sent, as far as it decides the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    pub kind: Kind,
    /// Always of texts, never of e-mail.
    pub country: Option<Country>,
    /// 1 to 255; 1 for e-mail and WhatsApp.
    pub parts: u32,
}

impl Terms {
    /// An e-mail is one message whatever its parts, and so is a message by WhatsApp.
    pub fn new(kind: Kind, country: Option<Country>, parts: u32) -> Result<Self, Invalid> {
        match (kind, country) {
            (Kind::Email, Some(_)) => Err(Invalid::new("country", "must be empty for e-mail")),
            (Kind::Email, None) => Ok(Self {
                kind,
                country,
                parts: 1,
            }),
            (Kind::Whatsapp, Some(_)) => Ok(Self {
                kind,
                country,
                parts: 1,
            }),
            (Kind::Sms | Kind::Lms | Kind::Whatsapp, None) => {
                Err(Invalid::new("country", "is needed for texts, for example PL"))
            }
            (Kind::Sms | Kind::Lms, Some(_)) if !(1..=255).contains(&parts) => {
                Err(Invalid::new("parts", "must be 1 to 255"))
            }
            (Kind::Sms | Kind::Lms, Some(_)) => Ok(Self { kind, country, parts }),
        }
    }
}

/// Where a delivery's money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    /// A fact about the delivery came, a hold did not (yet).
    Noted,
    /// Reserved.
    Held,
    /// Spent. Final.
    Captured,
    /// Given back, because nothing was accepted.
    Released,
    /// Given back, because nobody attempted the delivery in time.
    Expired,
}

impl HoldState {
    const ALL: [Self; 5] = [Self::Noted, Self::Held, Self::Captured, Self::Released, Self::Expired];

    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::Held => "held",
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What is learned of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The provider is about to be called: the hold can no longer expire.
    Attempting,
    /// A provider took it.
    Accepted,
    /// It is proved that nothing was accepted.
    Failed,
    /// The hold's time is over.
    TimeOut,
}

/// What a person says became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A provider took it.
    Captured,
    /// Nobody took it.
    Released,
}

impl Outcome {
    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Released => "released",
        }
    }
}

/// Why a person cannot settle a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotSettle {
    #[error("it was not attempted yet, and expires by itself if it never is")]
    NotAttempted,
    #[error("it was charged: a charge is never taken back")]
    Charged,
}

/// A hold with other terms exists for the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermsDiffer;

/// The money of one delivery.
///
/// Marks form a lattice: accepted > failed > timed out > held > noted. The state is that of the highest mark seen, so
/// order and repetition do not matter; an attempt only says that the time no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    pub delivery: DeliveryId,
    /// `None` while only facts came.
    pub terms: Option<Terms>,
    /// The price of the terms; zero without terms.
    pub amount: Pu,
    pub state: HoldState,
    pub attempted: bool,
}

impl Hold {
    /// A delivery of which nothing is known.
    pub fn unknown(delivery: DeliveryId) -> Self {
        Self {
            delivery,
            terms: None,
            amount: Pu::ZERO,
            state: HoldState::Noted,
            attempted: false,
        }
    }

    /// Reserves, or answers what became of it: a hold that expired is placed anew at today's price, one whose
    /// delivery is settled stays as it is. `Err` where other terms were held before.
    pub fn place(self, terms: Terms, amount: Pu) -> Result<(Self, Option<Movement>), TermsDiffer> {
        if self.terms.is_some_and(|held| held != terms) {
            return Err(TermsDiffer);
        }
        Ok(match self.state {
            HoldState::Noted | HoldState::Expired => {
                let held = Self {
                    terms: Some(terms),
                    amount,
                    state: HoldState::Held,
                    ..self
                };
                (held, Some(Movement::Hold(amount)))
            }
            HoldState::Held | HoldState::Captured | HoldState::Released => (self, None),
        })
    }

    /// Gives terms and price to a delivery that was accepted without a hold. No effect where there is one.
    #[must_use]
    pub fn quote(self, terms: Terms, amount: Pu) -> Self {
        if self.terms.is_some() {
            self
        } else {
            Self {
                terms: Some(terms),
                amount,
                ..self
            }
        }
    }

    /// Takes in a mark: the new state, and the movement to book.
    pub fn fold(self, mark: Mark) -> (Self, Option<Movement>) {
        use HoldState::{Captured, Expired, Held, Noted, Released};
        let to = |state| Self { state, ..self };
        match (mark, self.state) {
            (Mark::Attempting, _) => (
                Self {
                    attempted: true,
                    ..self
                },
                None,
            ),
            (Mark::Accepted, Held) => (to(Captured), Some(Movement::Capture(self.amount))),
            (Mark::Accepted, Noted | Released | Expired) => (to(Captured), Some(Movement::ChargeLate(self.amount))),
            (Mark::Failed, Held) => (to(Released), Some(Movement::Release(self.amount))),
            (Mark::Failed, Noted | Expired) => (to(Released), None),
            (Mark::TimeOut, Held) if !self.attempted => (to(Expired), Some(Movement::Expire(self.amount))),
            (Mark::Accepted, Captured) | (Mark::Failed, Captured | Released) | (Mark::TimeOut, _) => (self, None),
        }
    }

    /// What a person's word comes to; `None`: it is settled like that already.
    pub fn settled_by(&self, outcome: Outcome) -> Result<Option<Mark>, CannotSettle> {
        use HoldState::{Captured, Expired, Held, Noted, Released};
        match (outcome, self.state) {
            (Outcome::Captured, Captured) | (Outcome::Released, Released | Expired) => Ok(None),
            (Outcome::Released, Captured) => Err(CannotSettle::Charged),
            (_, Noted) => Err(CannotSettle::NotAttempted),
            (_, Held | Released | Expired) if !self.attempted => Err(CannotSettle::NotAttempted),
            (Outcome::Captured, Held | Released | Expired) => Ok(Some(Mark::Accepted)),
            (Outcome::Released, Held) => Ok(Some(Mark::Failed)),
        }
    }

    /// True while time may still end it.
    pub fn may_expire(&self) -> bool {
        self.state == HoldState::Held && !self.attempted
    }
}
