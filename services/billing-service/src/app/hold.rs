use super::{Billing, price};
use crate::domain::{Entry, Hold, HoldState, Terms, TermsDiffer};
use crate::outbound::postgres::transfer::Line;
use crate::outbound::postgres::{account, hold, transfer};
use domain::{DeliveryId, Pu, WorkspaceId};
use fault::{Fault, Result, codes};

/// What became of a request to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldAnswer {
    /// The hold as it is now.
    Placed(Hold),
    /// The balance does not cover this price. Nothing was stored: asked again after a top-up, it may be covered.
    NotCovered(Pu),
}

/// A call loses this race only to another call for the same delivery, which then answers the next try.
const TRIES: usize = 3;

impl Billing {
    /// Reserves the price of a delivery, or answers what became of its hold.
    pub async fn hold(&self, workspace: &WorkspaceId, delivery: DeliveryId, terms: Terms) -> Result<HoldAnswer> {
        for _ in 0..TRIES {
            if let Some(answer) = self.try_hold(workspace, delivery, terms).await? {
                return Ok(answer);
            }
        }
        Err(Fault::new(&codes::CONFLICT, "the same delivery is being held elsewhere; try again").of("delivery"))
    }

    /// `None`: another call made the row meanwhile.
    async fn try_hold(
        &self,
        workspace: &WorkspaceId,
        delivery: DeliveryId,
        terms: Terms,
    ) -> Result<Option<HoldAnswer>> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let stored = hold::lock(&mut tx, workspace, &[delivery]).await?.pop();
        let amount = total(price(&mut tx, workspace, terms.kind, terms.country, now).await?, terms)?;
        let (placed, movement) = stored
            .unwrap_or_else(|| Hold::unknown(delivery))
            .place(terms, amount)
            .map_err(|TermsDiffer| differs())?;
        if movement.is_none() {
            return Ok(Some(HoldAnswer::Placed(placed)));
        }
        let due_at = match placed.may_expire() {
            true => Some(self.after(self.hold_expiry)?),
            false => None,
        };
        if stored.is_some() {
            hold::place(&mut tx, workspace, &placed, now, due_at).await?;
        } else if !hold::insert(&mut tx, workspace, &placed, now, due_at).await? {
            return Ok(None);
        }
        if let Some(entry) = Entry::of_hold(amount) {
            let line = Line {
                id: self.store.entropy().id(),
                delivery,
                entry,
            };
            transfer::append(&mut tx, workspace, &[line], now).await?;
            // Last, because everybody waits for this row.
            if !account::reserve(&mut tx, workspace, amount).await? {
                return Ok(Some(HoldAnswer::NotCovered(amount)));
            }
        }
        tx.commit().await?;
        self.store.due_changed();
        Ok(Some(HoldAnswer::Placed(placed)))
    }
}

/// The price of all parts.
pub(super) fn total(price: Pu, terms: Terms) -> Result<Pu> {
    price
        .times(terms.parts)
        .ok_or_else(|| Fault::internal("a price times its parts is too large"))
}

fn differs() -> Fault {
    let remedy = "this delivery was held with another kind, country or number of parts; use a new delivery id";
    Fault::new(&codes::HOLD_DIFFERS, remedy).of("delivery")
}

impl HoldAnswer {
    /// The hold's state; `None` where the balance did not cover it.
    pub fn state(&self) -> Option<HoldState> {
        match self {
            Self::Placed(hold) => Some(hold.state),
            Self::NotCovered(_) => None,
        }
    }

    pub fn amount(&self) -> Pu {
        match self {
            Self::Placed(hold) => hold.amount,
            Self::NotCovered(amount) => *amount,
        }
    }
}
