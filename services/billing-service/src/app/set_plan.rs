use super::Billing;
use super::purse::Locked;
use crate::domain::{Lot, Month, Movement, Plan};
use crate::outbound::postgres::{account, lot, plan};
use domain::{Pu, WorkspaceId};
use fault::{Fault, Result};
use jiff::tz::TimeZone;
use store::Tx;

impl Billing {
    /// Sets what a workspace pays for. An allowance is paid in at once for the month that runs, where that month has
    /// none yet; after that it is another one from the next month on.
    pub async fn set_plan(&self, workspace: &WorkspaceId, told: Plan) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        account::ensure(&mut tx, workspace, self.now()).await?;
        self.arm_audit(&mut tx, workspace).await?;
        let locked = Locked::take(&mut tx, workspace).await?;
        let locked = locked.ok_or_else(|| Fault::internal("an account that was opened is gone"))?;
        plan::save(&mut tx, workspace, self.store.entropy().id(), told).await?;
        self.pay_in(&mut tx, workspace, locked, told).await?;
        tx.commit().await
    }

    /// Pays in the allowance of a month that has begun. No effect where that was done.
    pub async fn pay_allowance(&self, workspace: &WorkspaceId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        // The account before the plan, as everybody locks them.
        if let Some(locked) = Locked::take(&mut tx, workspace).await? {
            let told = plan::read(&mut tx, workspace).await?;
            self.pay_in(&mut tx, workspace, locked, told).await?;
        }
        tx.commit().await
    }

    /// Pays in the allowance of this month, once, and arms the next one.
    pub(super) async fn pay_in(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        mut locked: Locked,
        told: Plan,
    ) -> Result<()> {
        let now = self.now();
        let zone = account::time_zone(tx, workspace).await?;
        let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        let month = Month::of(now, &zone).ok_or_else(|| Fault::internal("the calendar ends"))?;
        let paid = told.allowance > Pu::ZERO && !locked.funds.closed;
        plan::arm(tx, workspace, paid.then_some(month.end)).await?;
        if !paid {
            return Ok(());
        }
        let fresh = Lot {
            id: self.store.entropy().id(),
            amount: told.allowance,
            rest: told.allowance,
            paid_at: now,
            expires_at: month.end,
        };
        if !lot::insert(tx, workspace, &fresh, Some(&month.name)).await? {
            return Ok(());
        }
        locked.purse.lots.push(fresh);
        let movement = (Movement::Allowance(fresh.amount), fresh.id);
        locked.book(self, tx, workspace, movement, now).await?;
        locked.funds.watch = locked.funds.watch.funded(locked.funds.balances.available);
        locked.save(self, tx, workspace, now).await
    }
}
