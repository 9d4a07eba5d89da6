use super::purse::Locked;
use super::{Billing, closed};
use crate::domain::{Account, Lot, Movement};
use crate::outbound::postgres::transfer::{self, TopUp};
use crate::outbound::postgres::{account, lot, plan};
use domain::{Pu, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use jiff::Unit;

/// A billion PU: more is a slip of units, and thousands of them stay far below what a balance can hold.
const MAX_TOP_UP: i64 = 1_000_000_000_000_000;
const MAX_REQUEST_ID: usize = 100;

impl Billing {
    /// Adds prepaid PU once per request id, and answers the balance. What has an expiry is spent before what expires
    /// later or never.
    pub async fn top_up(
        &self,
        workspace: &WorkspaceId,
        request_id: &str,
        micro: i64,
        expires_at: Option<Timestamp>,
    ) -> Result<Account> {
        let now = self.now();
        check(request_id)?;
        let amount = Pu::from_micro(micro)
            .ok()
            .filter(|amount| (1..=MAX_TOP_UP).contains(&amount.micro()))
            .ok_or_else(|| Fault::invalid("micro_pu", "must be 1 to 1,000,000,000,000,000 (a billion PU)"))?;
        // As precise as it is stored.
        let expires_at = expires_at.map(|at| at.round(Unit::Microsecond)).transpose();
        let expires_at = expires_at.map_err(|_| Fault::invalid("expires_at", "is beyond the calendar"))?;
        let asked = TopUp { amount, expires_at };

        let mut tx = self.store.begin(workspace).await?;
        account::ensure(&mut tx, workspace, now).await?;
        // Two tries of one request wait for each other here.
        let locked = Locked::take(&mut tx, workspace).await?;
        let mut locked = locked.ok_or_else(|| Fault::internal("an account that was opened is gone"))?;
        match transfer::top_up(&mut tx, workspace, request_id).await? {
            Some(booked) if booked == asked => return Ok(locked.funds.balances),
            Some(_) => {
                let remedy = "this request id was used for another amount or expiry; use a new one";
                return Err(Fault::new(&codes::EXISTS, remedy).of("request_id"));
            }
            None => {}
        }
        if expires_at.is_some_and(|at| at <= now) {
            return Err(Fault::invalid("expires_at", "must be later than now"));
        }
        if locked.funds.closed {
            return Err(closed());
        }
        if !plan::read(&mut tx, workspace).await?.paid {
            let remedy = "prepaying needs a paid plan; set one first";
            return Err(Fault::new(&codes::PLAN_UNPAID, remedy).of("workspace"));
        }
        let (balances, entry) = locked
            .funds
            .balances
            .book(Movement::TopUp(amount))
            .map_err(Fault::internal)?;
        let entry = entry.ok_or_else(|| Fault::internal("a top-up moves nothing"))?;
        locked.funds.balances = balances;
        let id = self.store.entropy().id();
        match expires_at {
            Some(expires_at) => {
                let fresh = Lot {
                    id,
                    amount,
                    rest: amount,
                    paid_at: now,
                    expires_at,
                };
                lot::insert(&mut tx, workspace, &fresh, None).await?;
                locked.purse.lots.push(fresh);
            }
            None => {
                let more = locked.purse.unexpiring.plus(amount);
                locked.purse.unexpiring = more.ok_or_else(|| Fault::internal("the balance is too large"))?;
            }
        }
        let lot = expires_at.map(|_| id);
        transfer::append_top_up(&mut tx, workspace, request_id, (id, entry, lot), now).await?;
        locked.funds.watch = locked.funds.watch.funded(balances.available);
        locked.save(self, &mut tx, workspace, now).await?;
        self.arm_audit(&mut tx, workspace).await?;
        tx.commit().await?;
        Ok(balances)
    }
}

fn check(request_id: &str) -> Result<()> {
    let characters = request_id.chars().count();
    if !(1..=MAX_REQUEST_ID).contains(&characters) || request_id.contains('\0') {
        let remedy = "needs 1 to 100 characters, the same for each try of one top-up";
        return Err(Fault::invalid("request_id", remedy));
    }
    Ok(())
}
