use super::hold_queue::Waiting;
use super::{Billing, closed, price};
use crate::domain::{Entry, Hold, HoldState, Kind, Terms, TermsDiffer};
use crate::outbound::postgres::account::Reserved;
use crate::outbound::postgres::transfer::Line;
use crate::outbound::postgres::{account, hold, transfer};
use domain::{Country, DeliveryId, Pu, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use std::collections::HashMap;
use store::Tx;
use tracing::Instrument;

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
    /// Reserves the price of a delivery, or answers what became of its hold. Calls for one workspace that arrive
    /// together share a transaction: all of them wait for the same account.
    pub async fn hold(&self, workspace: &WorkspaceId, delivery: DeliveryId, terms: Terms) -> Result<HoldAnswer> {
        let (waiting, answer) = Waiting::new(delivery, terms);
        if self.holds.push(workspace, waiting) {
            let serve = self.clone().serve_holds(workspace.clone());
            tokio::spawn(serve.in_current_span());
        }
        answer.await.map_err(Fault::internal)?
    }

    /// Answers the calls that wait for a workspace, in batches, until none waits.
    async fn serve_holds(self, workspace: WorkspaceId) {
        while let Some(batch) = self.holds.take(&workspace) {
            let (billing, workspace) = (self.clone(), workspace.clone());
            let served = tokio::spawn(async move { billing.serve_batch(&workspace, batch).await }.in_current_span());
            if let Err(panic) = served.await {
                tracing::error!("a batch of holds ended badly: {panic}");
            }
        }
    }

    /// All in one transaction; where that cannot be (a refusal, another call was faster, not everything is covered)
    /// one by one.
    async fn serve_batch(&self, workspace: &WorkspaceId, batch: Vec<Waiting>) {
        let mut asked: Vec<(DeliveryId, Terms)> = batch.iter().map(Waiting::asked).collect();
        asked.sort_unstable_by_key(|(delivery, _)| *delivery);
        asked.dedup();
        let mut answers = HashMap::new();
        if batch.len() > 1
            && let Ok(Outcome::Done(placed)) = self.try_hold(workspace, &asked).await
        {
            answers = placed.into_iter().map(|hold| (hold.delivery, hold)).collect();
        }
        for waiting in batch {
            let (delivery, terms) = waiting.asked();
            let answer = match answers.get(&delivery) {
                Some(hold) => Ok(HoldAnswer::Placed(*hold)),
                None => self.hold_one(workspace, delivery, terms).await,
            };
            waiting.answer(answer);
        }
    }

    async fn hold_one(&self, workspace: &WorkspaceId, delivery: DeliveryId, terms: Terms) -> Result<HoldAnswer> {
        for _ in 0..TRIES {
            match self.try_hold(workspace, &[(delivery, terms)]).await? {
                Outcome::Done(placed) => {
                    let hold = placed.first().ok_or_else(|| Fault::internal("a hold has no answer"))?;
                    return Ok(HoldAnswer::Placed(*hold));
                }
                Outcome::NotCovered(amount) => return Ok(HoldAnswer::NotCovered(amount)),
                Outcome::Raced => {}
            }
        }
        Err(Fault::new(&codes::CONFLICT, "the same delivery is being held elsewhere; try again").of("delivery"))
    }

    /// Places holds, sorted by delivery, all or none.
    async fn try_hold(&self, workspace: &WorkspaceId, asked: &[(DeliveryId, Terms)]) -> Result<Outcome> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let deliveries: Vec<DeliveryId> = asked.iter().map(|(delivery, _)| *delivery).collect();
        let stored = hold::lock(&mut tx, workspace, &deliveries).await?;
        let stored: HashMap<DeliveryId, Hold> = stored.into_iter().map(|hold| (hold.delivery, hold)).collect();
        let mut prices = Prices::default();
        let (mut answers, mut new, mut again) = (Vec::with_capacity(asked.len()), Vec::new(), Vec::new());
        for (delivery, terms) in asked {
            let amount = prices.total(&mut tx, workspace, *terms, now).await?;
            let known = stored.get(delivery).copied();
            let before = known.unwrap_or_else(|| Hold::unknown(*delivery));
            let (hold, movement) = before.place(*terms, amount).map_err(|TermsDiffer| differs())?;
            match (movement, known) {
                (Some(_), None) => new.push(hold),
                (Some(_), Some(_)) => again.push(hold),
                (None, _) => {}
            }
            answers.push(hold);
        }
        if new.is_empty() && again.is_empty() {
            return Ok(Outcome::Done(answers));
        }
        let due_at = self.after(self.hold_expiry)?;
        if !hold::insert(&mut tx, workspace, &new, now, due_at).await? {
            return Ok(Outcome::Raced);
        }
        hold::place(&mut tx, workspace, &again, now, due_at).await?;
        new.append(&mut again);
        let total = self.append_lines(&mut tx, workspace, &new, now).await?;
        // Last, because everybody waits for this row.
        if total == Pu::ZERO {
            if account::is_closed(&mut tx, workspace).await? {
                return Err(closed());
            }
        } else {
            match account::reserve(&mut tx, workspace, total).await? {
                Reserved::Done(funds) => {
                    let seen = (funds.balances.available, funds.watch);
                    self.watch(&mut tx, workspace, seen, now).await?;
                }
                Reserved::NotCovered => return Ok(Outcome::NotCovered(total)),
                Reserved::Closed => return Err(closed()),
            }
        }
        tx.commit().await?;
        Ok(Outcome::Done(answers))
    }

    /// Writes the journal's lines of new holds, and answers their sum.
    async fn append_lines(&self, tx: &mut Tx, workspace: &WorkspaceId, placed: &[Hold], now: Timestamp) -> Result<Pu> {
        let line = |hold: &Hold| {
            let entry = Entry::of_hold(hold.amount)?;
            Some(Line {
                id: self.store.entropy().id(),
                delivery: hold.delivery,
                entry,
            })
        };
        let lines: Vec<Line> = placed.iter().filter_map(line).collect();
        transfer::append(tx, workspace, &lines, now).await?;
        let sum = lines.iter().try_fold(Pu::ZERO, |sum, line| sum.plus(line.entry.amount));
        sum.ok_or_else(|| Fault::internal("the sum of holds is too large"))
    }
}

/// What a transaction of holds came to.
enum Outcome {
    /// Each hold as it is now.
    Done(Vec<Hold>),
    /// The balance does not cover the sum; nothing was done.
    NotCovered(Pu),
    /// Another call made one of the rows meanwhile; nothing was done.
    Raced,
}

/// Prices that one batch has looked up.
#[derive(Default)]
struct Prices {
    known: HashMap<(Kind, Option<Country>), Pu>,
}

impl Prices {
    /// The price of all parts.
    async fn total(&mut self, tx: &mut Tx, workspace: &WorkspaceId, terms: Terms, now: Timestamp) -> Result<Pu> {
        let key = (terms.kind, terms.country);
        let part = match self.known.get(&key) {
            Some(part) => *part,
            None => price(tx, workspace, terms.kind, terms.country, now).await?,
        };
        self.known.insert(key, part);
        total(part, terms)
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
