use super::hold::total;
use super::{Billing, price};
use crate::domain::{Account, Hold, HoldState, Mark, Movement, Terms};
use crate::outbound::postgres::hold::Taken;
use crate::outbound::postgres::transfer::Line;
use crate::outbound::postgres::{account, hold, transfer, usage};
use domain::{DeliveryId, Timestamp, WorkspaceId};
use events::{common, event};
use fault::{Fault, Result, codes};
use std::collections::BTreeMap;
use store::Tx;

/// What a fact says about a delivery.
#[derive(Debug, Clone)]
pub struct Learned {
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
    /// Takes in what was learned, in one transaction: captures and releases happen once however often and in whatever
    /// order it is learned.
    pub async fn settle(&self, workspace: &WorkspaceId, learned: &[Learned]) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let before = self.lock_all(&mut tx, workspace, learned, now).await?;
        let mut holds = before.clone();
        let mut movements = Vec::new();
        for item in learned {
            let known = holds
                .get(&item.delivery)
                .ok_or_else(|| Fault::internal("a locked hold is gone"))?;
            let hold = quoted(&mut tx, workspace, *known, item, now).await?;
            let (hold, movement) = hold.fold(item.mark);
            holds.insert(item.delivery, hold);
            if let Some(movement) = movement {
                movements.push((item.delivery, movement));
                record(&mut tx, workspace, &hold, item, now);
            }
        }
        let changed: Vec<Hold> = holds
            .values()
            .filter(|hold| before.get(&hold.delivery) != Some(hold))
            .copied()
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let taken = learned
            .iter()
            .filter_map(|item| Some((item.delivery, item.taken.clone()?)))
            .collect();
        hold::save(&mut tx, workspace, &changed, &taken, now).await?;
        let captured: Vec<Hold> = changed
            .iter()
            .filter(|hold| hold.state == HoldState::Captured)
            .filter(|hold| before.get(&hold.delivery).map(|known| known.state) != Some(HoldState::Captured))
            .copied()
            .collect();
        usage::add(&mut tx, workspace, &captured, now).await?;
        self.book(&mut tx, workspace, &movements, now).await?;
        tx.commit().await
    }

    /// The holds of all deliveries, locked; a row is made for those that have none, so that concurrent holds wait.
    async fn lock_all(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        learned: &[Learned],
        now: Timestamp,
    ) -> Result<BTreeMap<DeliveryId, Hold>> {
        let mut deliveries: Vec<DeliveryId> = learned.iter().map(|item| item.delivery).collect();
        deliveries.sort_unstable();
        deliveries.dedup();
        let mut holds = hold::lock(tx, workspace, &deliveries).await?;
        if holds.len() < deliveries.len() {
            hold::note(tx, workspace, &deliveries, now).await?;
            holds = hold::lock(tx, workspace, &deliveries).await?;
        }
        Ok(holds.into_iter().map(|hold| (hold.delivery, hold)).collect())
    }

    /// Books movements in one go: journal lines first, the account's row, which everybody waits for, last.
    async fn book(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        movements: &[(DeliveryId, Movement)],
        now: Timestamp,
    ) -> Result<()> {
        if movements.is_empty() {
            return Ok(());
        }
        let funds = account::lock(tx, workspace).await?;
        let opened = funds.map(|funds| funds.balances);
        let mut balances = opened.unwrap_or_else(Account::default);
        let mut lines = Vec::new();
        for (delivery, movement) in movements {
            let (next, entry) = balances.book(*movement).map_err(Fault::internal)?;
            balances = next;
            lines.extend(entry.map(|entry| Line {
                id: self.store.entropy().id(),
                delivery: *delivery,
                entry,
            }));
        }
        if lines.is_empty() {
            return Ok(());
        }
        transfer::append(tx, workspace, &lines, now).await?;
        if opened.is_some_and(|opened| opened != balances) {
            account::save(tx, workspace, balances).await?;
        }
        match funds {
            Some(funds) if balances.available < funds.balances.available => {
                self.watch(tx, workspace, (balances.available, funds.watch), now).await
            }
            _ => Ok(()),
        }
    }
}

/// Gives a price to a delivery that was accepted without a hold.
async fn quoted(tx: &mut Tx, workspace: &WorkspaceId, hold: Hold, item: &Learned, now: Timestamp) -> Result<Hold> {
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
    let price = price(tx, workspace, terms.kind, terms.country, now).await?;
    Ok(hold.quote(terms, total(price, terms)?))
}

/// Records what happened to the money.
fn record(tx: &mut Tx, workspace: &WorkspaceId, hold: &Hold, item: &Learned, now: Timestamp) {
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
