use super::{Billing, price_missing, total};
use crate::domain::{Hold, HoldState, Mark, Movement, Terms, price_of};
use crate::outbound::postgres::hold::{Key, Taken};
use crate::outbound::postgres::price::{self, Wanted};
use crate::outbound::postgres::transfer::Line;
use crate::outbound::postgres::{account, hold, transfer, usage};
use domain::{DeliveryId, Timestamp, WorkspaceId};
use events::{common, event};
use fault::{Fault, Result, codes};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::Tx;

/// What a fact says about a delivery.
#[derive(Debug, Clone)]
pub struct Learned {
    pub workspace: WorkspaceId,
    pub delivery: DeliveryId,
    pub mark: Mark,
    /// What was accepted, as far as the fact says; only needed where there was no hold.
    pub terms: Option<Terms>,
    /// Who accepted it under which id, as far as the fact says.
    pub taken: Option<Taken>,
    /// The trace that the resulting charge belongs to.
    pub traceparent: Option<String>,
}

impl Billing {
    /// Takes in what was learned, of all workspaces in one transaction: captures and releases happen once however often
    /// and in whatever order it is learned.
    pub async fn settle(&self, learned: &[Learned]) -> Result<()> {
        let workspaces: BTreeSet<&WorkspaceId> = learned.iter().map(|item| &item.workspace).collect();
        let workspaces: Vec<WorkspaceId> = workspaces.into_iter().cloned().collect();
        let mut tx = self.begin_together(&workspaces).await?;
        if self.take_in(&mut tx, learned).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    /// The same within a transaction that sees all of their workspaces. False: nothing changed.
    pub(super) async fn take_in(&self, tx: &mut Tx, learned: &[Learned]) -> Result<bool> {
        let now = self.now();
        let before = lock_all(tx, learned.iter().map(Learned::key).collect(), now).await?;
        let mut holds = before.clone();
        let mut movements = Vec::new();
        for item in learned {
            item.compare(holds.get(&item.key()));
            let known = holds
                .get(&item.key())
                .ok_or_else(|| Fault::internal("a locked hold is gone"))?;
            let hold = quoted(tx, *known, item, now).await?;
            let (hold, movement) = hold.fold(item.mark);
            holds.insert(item.key(), hold);
            if let Some(movement) = movement {
                movements.push((item.key(), movement));
                record(tx, &hold, item, now);
            }
        }
        let changed: Vec<(WorkspaceId, Hold)> = holds
            .into_iter()
            .filter(|(key, hold)| before.get(key) != Some(hold))
            .map(|((workspace, _), hold)| (workspace, hold))
            .collect();
        if changed.is_empty() {
            return Ok(false);
        }
        let taken = learned
            .iter()
            .filter_map(|item| Some((item.key(), item.taken.clone()?)))
            .collect();
        hold::save(tx, &changed, &taken, now).await?;
        let was_captured = |(workspace, hold): &&(WorkspaceId, Hold)| {
            let before = before.get(&(workspace.clone(), hold.delivery));
            before.map(|hold| hold.state) == Some(HoldState::Captured)
        };
        let captured: Vec<(WorkspaceId, Hold)> = changed
            .iter()
            .filter(|(_, hold)| hold.state == HoldState::Captured)
            .filter(|changed| !was_captured(changed))
            .cloned()
            .collect();
        usage::add(tx, &captured, now).await?;
        self.book(tx, movements, now).await?;
        Ok(true)
    }

    /// Books movements in one go, in the order in which they were learned.
    async fn book(&self, tx: &mut Tx, movements: Vec<(Key, Movement)>, now: Timestamp) -> Result<()> {
        if movements.is_empty() {
            return Ok(());
        }
        let workspaces: BTreeSet<&WorkspaceId> = movements.iter().map(|((workspace, _), _)| workspace).collect();
        let workspaces: Vec<WorkspaceId> = workspaces.into_iter().cloned().collect();
        let opened: HashMap<WorkspaceId, account::Funds> =
            account::lock_all(tx, &workspaces).await?.into_iter().collect();
        let mut funds = opened.clone();
        let mut lines = Vec::new();
        for ((workspace, delivery), movement) in movements {
            let funds = funds.entry(workspace.clone()).or_default();
            let (balances, entry) = funds.balances.book(movement).map_err(Fault::internal)?;
            funds.balances = balances;
            lines.extend(entry.map(|entry| Line {
                workspace,
                id: self.store.entropy().id(),
                delivery,
                entry,
            }));
        }
        transfer::append(tx, &lines, now).await?;
        let changed: Vec<(WorkspaceId, account::Funds)> = funds
            .into_iter()
            .filter(|(workspace, funds)| opened.get(workspace).is_some_and(|opened| opened != funds))
            .collect();
        account::save_all(tx, &changed).await?;
        for (workspace, funds) in changed {
            let before = opened.get(&workspace).map(|opened| opened.balances.available);
            if before.is_some_and(|before| funds.balances.available < before) {
                let seen = (funds.balances.available, funds.watch);
                self.watch(tx, &workspace, seen, now).await?;
            }
        }
        Ok(())
    }
}

impl Learned {
    /// The price was held for other terms than were accepted: the hold's stand, and somebody should know.
    fn compare(&self, held: Option<&Hold>) {
        let (held, accepted) = (held.and_then(|hold| hold.terms), self.terms);
        if held.is_some() && accepted.is_some() && held != accepted {
            tracing::warn!(delivery = %self.delivery, ?held, ?accepted, "accepted on other terms than were held");
        }
    }

    fn key(&self) -> Key {
        (self.workspace.clone(), self.delivery)
    }
}

/// The holds of all deliveries, locked; a row is made for those that have none, so that concurrent holds wait.
pub(super) async fn lock_all(tx: &mut Tx, keys: BTreeSet<Key>, now: Timestamp) -> Result<BTreeMap<Key, Hold>> {
    let mut keys: Vec<Key> = keys.into_iter().collect();
    keys.sort_by_key(|(_, delivery)| *delivery);
    let mut holds = hold::lock(tx, &keys).await?;
    if holds.len() < keys.len() {
        hold::note(tx, &keys, now).await?;
        holds = hold::lock(tx, &keys).await?;
    }
    Ok(holds.into_iter().collect())
}

/// Gives a price to a delivery that was accepted without a hold.
async fn quoted(tx: &mut Tx, hold: Hold, item: &Learned, now: Timestamp) -> Result<Hold> {
    if item.mark != Mark::Accepted || hold.terms.is_some() {
        return Ok(hold);
    }
    let nothing = || {
        Fault::new(
            &codes::MALFORMED,
            "what was accepted without a hold has no kind, country or parts",
        )
    };
    let terms = item.terms.ok_or_else(nothing)?;
    let wanted = Wanted {
        workspace: item.workspace.clone(),
        kind: terms.kind,
        country: terms.country,
    };
    let lists = price::in_force(tx, std::slice::from_ref(&wanted), now).await?;
    let list = lists.get(&wanted).map_or(&[][..], Vec::as_slice);
    let price = price_of(list, terms.kind, terms.country, now).map_err(|_| price_missing())?;
    Ok(hold.quote(terms, total(price, terms)?))
}

/// Records what happened to the money.
fn record(tx: &mut Tx, hold: &Hold, item: &Learned, now: Timestamp) {
    let workspace = &item.workspace;
    let delivery = hold.delivery.to_string();
    let micro_pu = hold.amount.micro();
    let at = Some(events::stamp(now));
    let trace = item.traceparent.clone();
    match (hold.state, hold.terms) {
        (HoldState::Captured, Some(terms)) => {
            let kind = common::MessageKind::from(terms.kind).into();
            let country = terms
                .country
                .as_ref()
                .map_or_else(String::new, |country| country.as_str().into());
            let fact = event::ChargeCaptured {
                delivery,
                micro_pu,
                kind,
                country,
                parts: terms.parts,
                at,
            };
            tx.record_in(workspace, &fact, trace);
        }
        (HoldState::Released | HoldState::Expired, _) => {
            tx.record_in(workspace, &event::ChargeReleased { delivery, micro_pu, at }, trace);
        }
        (HoldState::Captured, None) | (HoldState::Noted | HoldState::Held, _) => {}
    }
}
