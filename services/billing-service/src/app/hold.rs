use super::hold_queue::Waiting;
use super::{Billing, closed, price_missing, total};
use crate::domain::{Entry, Hold, HoldState, Order, PriceMissing, Terms, Till, Verdict, price_of};
use crate::outbound::postgres::hold::Key;
use crate::outbound::postgres::price::Wanted;
use crate::outbound::postgres::transfer::Line;
use crate::outbound::postgres::{account, hold, price, transfer};
use domain::{DeliveryId, Pu, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::Tx;

/// What became of a request to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldAnswer {
    /// The hold as it is now.
    Placed(Hold),
    /// The balance does not cover this price. Nothing was stored: asked again after a top-up, it may be covered.
    NotCovered(Pu),
}

/// A call loses this race only to another call for the same delivery, which then answers the next try, or to one that
/// took the balance it counted on.
const TRIES: usize = 5;

impl Billing {
    /// Reserves the price of a delivery, or answers what became of its hold. Calls that arrive together share a
    /// transaction, whatever their workspaces: what a hold costs is mostly a commit.
    pub async fn hold(&self, workspace: &WorkspaceId, delivery: DeliveryId, terms: Terms) -> Result<HoldAnswer> {
        let (waiting, answer) = Waiting::new(Order {
            workspace: workspace.clone(),
            delivery,
            terms,
        });
        if self.holds.push(waiting) {
            tokio::spawn(self.clone().serve_holds());
        }
        answer.await.map_err(Fault::internal)?
    }

    /// Answers the calls that wait, in batches, until none waits.
    async fn serve_holds(self) {
        while let Some(batch) = self.holds.take() {
            let served = tokio::spawn(self.clone().serve_batch(batch));
            if let Err(panic) = served.await {
                tracing::error!("a batch of holds ended badly: {panic}");
            }
        }
    }

    /// All in one transaction; where that cannot be, each workspace apart, which the others do not wait for.
    async fn serve_batch(self, batch: Vec<Waiting>) {
        let Err(batch) = self.serve_together(batch).await else {
            return;
        };
        let mut by_workspace: BTreeMap<WorkspaceId, Vec<Waiting>> = BTreeMap::new();
        for waiting in batch {
            by_workspace
                .entry(waiting.order.workspace.clone())
                .or_default()
                .push(waiting);
        }
        for (workspace, waiting) in by_workspace {
            if self.holds.put_apart(&workspace, waiting) {
                tokio::spawn(self.clone().serve_apart(workspace));
            }
        }
    }

    /// Answers the calls of a workspace that is apart, until none waits.
    async fn serve_apart(self, workspace: WorkspaceId) {
        while let Some(batch) = self.holds.take_apart(&workspace) {
            let served = tokio::spawn(self.clone().serve_workspace(batch));
            if let Err(panic) = served.await {
                tracing::error!("a batch of holds ended badly: {panic}");
            }
        }
    }

    /// All in one transaction; where that cannot be, one by one.
    async fn serve_workspace(self, batch: Vec<Waiting>) {
        let Err(batch) = self.serve_together(batch).await else {
            return;
        };
        for waiting in batch.into_iter().filter(|waiting| !waiting.gave_up()) {
            let answer = self.hold_one(&waiting.order).await;
            waiting.answer(answer);
        }
    }

    /// Answers them all, or gives them back because one transaction could not hold them: another one was faster, or
    /// they contradict each other, or something broke.
    async fn serve_together(&self, batch: Vec<Waiting>) -> Result<(), Vec<Waiting>> {
        let mut orders: Vec<Order> = batch.iter().map(|waiting| waiting.order.clone()).collect();
        orders.sort_unstable_by(|one, other| (one.delivery, &one.workspace).cmp(&(other.delivery, &other.workspace)));
        orders.dedup();
        let keys = orders.iter().map(key).collect::<BTreeSet<Key>>();
        if keys.len() < orders.len() {
            return Err(batch);
        }
        let Ok(Some(verdicts)) = self.try_hold(&orders).await else {
            return Err(batch);
        };
        let verdicts: HashMap<Key, Verdict> = orders.iter().map(key).zip(verdicts).collect();
        for waiting in batch {
            let verdict = verdicts.get(&key(&waiting.order)).copied();
            waiting.answer(verdict.map_or_else(|| Err(Fault::internal("a hold has no answer")), answer));
        }
        Ok(())
    }

    async fn hold_one(&self, order: &Order) -> Result<HoldAnswer> {
        for _ in 0..TRIES {
            if let Some(verdicts) = self.try_hold(std::slice::from_ref(order)).await? {
                let verdict = verdicts.first().copied();
                return answer(verdict.ok_or_else(|| Fault::internal("a hold has no answer"))?);
            }
        }
        Err(Fault::new(&codes::CONFLICT, "the same delivery is being held elsewhere; try again").of("delivery"))
    }

    /// Decides orders, sorted by delivery, and places what is to be placed: all or none. `None`: somebody else changed
    /// meanwhile what was decided upon; nothing was done.
    async fn try_hold(&self, orders: &[Order]) -> Result<Option<Vec<Verdict>>> {
        let now = self.now();
        let workspaces: BTreeSet<&WorkspaceId> = orders.iter().map(|order| &order.workspace).collect();
        let workspaces: Vec<WorkspaceId> = workspaces.into_iter().cloned().collect();
        let mut tx = self.begin_together(&workspaces).await?;
        let keys: Vec<Key> = orders.iter().map(key).collect();
        let known: HashMap<Key, Hold> = hold::lock(&mut tx, &keys).await?.into_iter().collect();
        let prices = prices(&mut tx, orders, now).await?;
        let mut tills = account::tills(&mut tx, &workspaces).await?;
        let (mut verdicts, mut new, mut again) = (Vec::with_capacity(orders.len()), Vec::new(), Vec::new());
        for ((order, key), price) in orders.iter().zip(keys).zip(prices) {
            let till = tills.entry(order.workspace.clone()).or_insert_with(Till::default);
            let known = known.get(&key).copied();
            let verdict = order.decide(known, price, till);
            if let Verdict::Placed(hold) = verdict {
                let placed = if known.is_some() { &mut again } else { &mut new };
                placed.push((order.workspace.clone(), hold));
            }
            verdicts.push(verdict);
        }
        if new.is_empty() && again.is_empty() {
            return Ok(Some(verdicts));
        }
        let due_at = self.after(self.hold_expiry)?;
        if !hold::insert(&mut tx, &new, now, due_at).await? {
            return Ok(None);
        }
        hold::place(&mut tx, &again, now, due_at).await?;
        new.append(&mut again);
        if !self.reserve(&mut tx, &new, now).await? {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(verdicts))
    }

    /// Moves what new holds cost: the journal's lines first, the accounts, which everybody waits for, last. False where
    /// an account was closed or no longer covers it.
    async fn reserve(&self, tx: &mut Tx, placed: &[(WorkspaceId, Hold)], now: Timestamp) -> Result<bool> {
        let mut lines = Vec::with_capacity(placed.len());
        let mut sums: BTreeMap<WorkspaceId, Pu> = BTreeMap::new();
        for (workspace, hold) in placed {
            let Some(entry) = Entry::of_hold(hold.amount) else {
                continue;
            };
            let sum = sums.entry(workspace.clone()).or_insert(Pu::ZERO);
            *sum = sum
                .plus(entry.amount)
                .ok_or_else(|| Fault::internal("the sum of holds is too large"))?;
            lines.push(Line {
                workspace: workspace.clone(),
                id: self.store.entropy().id(),
                delivery: hold.delivery,
                entry,
            });
        }
        transfer::append(tx, &lines, now).await?;
        let Some(reserved) = account::reserve(tx, &sums).await? else {
            return Ok(false);
        };
        for (workspace, funds) in reserved {
            let seen = (funds.balances.available, funds.watch);
            self.watch(tx, &workspace, seen, now).await?;
        }
        Ok(true)
    }
}

fn key(order: &Order) -> Key {
    (order.workspace.clone(), order.delivery)
}

/// The price of all parts of each order.
async fn prices(tx: &mut Tx, orders: &[Order], now: Timestamp) -> Result<Vec<Result<Pu, PriceMissing>>> {
    let wanted = |order: &Order| Wanted {
        workspace: order.workspace.clone(),
        kind: order.terms.kind,
        country: order.terms.country,
    };
    let all: BTreeSet<Wanted> = orders.iter().map(wanted).collect();
    let lists = price::in_force(tx, &Vec::from_iter(all), now).await?;
    let price = |order: &Order| {
        let (terms, list) = (order.terms, lists.get(&wanted(order)).map_or(&[][..], Vec::as_slice));
        match price_of(list, terms.kind, terms.country, now) {
            Ok(part) => total(part, terms).map(Ok),
            Err(missing) => Ok(Err(missing)),
        }
    };
    orders.iter().map(price).collect()
}

fn answer(verdict: Verdict) -> Result<HoldAnswer> {
    match verdict {
        Verdict::Stands(hold) | Verdict::Placed(hold) => Ok(HoldAnswer::Placed(hold)),
        Verdict::NotCovered(amount) => Ok(HoldAnswer::NotCovered(amount)),
        Verdict::Closed => Err(closed()),
        Verdict::PriceMissing => Err(price_missing()),
        Verdict::TermsDiffer => {
            let remedy = "this delivery was held with another kind, country or number of parts; use a new delivery id";
            Err(Fault::new(&codes::HOLD_DIFFERS, remedy).of("delivery"))
        }
    }
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
