use super::Billing;
use crate::domain::DriftKind;
use crate::outbound::postgres::{audit, hold, statement};
use domain::WorkspaceId;
use fault::{Fault, Result};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

/// A provider settles what it knows within hours; what is open for longer needs a person.
pub(super) const OLD_HOLD: SignedDuration = SignedDuration::from_hours(72);
/// Days whose statements are compared: providers bill by the month, and tell of it some days later.
const COMPARED_DAYS: i32 = 35;

impl Billing {
    /// Compares a workspace's balances with its journal and open holds, and its charges with the providers' statements;
    /// counts and logs every difference and how many holds are old, and arms the next comparison.
    pub async fn audit(&self, workspace: &WorkspaceId) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let books = audit::drift(&mut tx, workspace).await?;
        for drift in &books {
            let (kept, counted) = (drift.kept, drift.counted);
            tracing::error!(homing.workspace = %workspace, kept, counted, "the books are wrong: {}", drift.what);
        }
        metrics::billing_drift("books", books.len() as u64);
        let old = hold::count_older(&mut tx, workspace, now - OLD_HOLD).await?;
        if old > 0 {
            tracing::warn!(homing.workspace = %workspace, old, "holds are open for more than 72 hours");
        }
        metrics::billing_drift("old_hold", old);
        let today = now.to_zoned(TimeZone::UTC).date();
        let from = today.checked_sub(COMPARED_DAYS.days()).map_err(Fault::internal)?;
        let to = today.checked_add(1.day()).map_err(Fault::internal)?;
        let counts = statement::count(&mut tx, workspace, from, to).await?;
        for kind in DriftKind::ALL {
            let count = counts.iter().find(|(counted, _)| *counted == kind);
            let count = count.map_or(0, |(_, count)| *count);
            if count > 0 {
                let kind = kind.word();
                tracing::warn!(homing.workspace = %workspace, kind, count, "statements and charges disagree");
            }
            metrics::billing_drift(kind.word(), count);
        }
        audit::arm_again(&mut tx, workspace, self.after(self.audit_interval)?).await?;
        tx.commit().await
    }
}
