use super::{Billing, audit};
use crate::domain::Drift;
use crate::outbound::postgres::audit::BooksDrift;
use crate::outbound::postgres::{self, hold, statement};
use domain::WorkspaceId;
use fault::{Fault, Result};
use jiff::civil::Date;

/// What does not fit together.
#[derive(Debug, Clone)]
pub struct Report {
    /// At most `MAX_DRIFTS`, the newest first.
    pub drifts: Vec<Drift>,
    /// How many there are.
    pub drifting: u64,
    pub books: Vec<BooksDrift>,
    /// Holds that are open for more than 72 hours.
    pub old_holds: u64,
}

/// Rows of one answer: who has more of them looks for one cause, not at each.
const MAX_DRIFTS: i64 = 500;
const MAX_DAYS: i32 = 400;

impl Billing {
    /// Where statements and charges of some days (UTC, `to` exclusive), balances and journal, holds and open sends
    /// disagree.
    pub async fn get_drift(&self, workspace: &WorkspaceId, from: Date, to: Date) -> Result<Report> {
        if from >= to || (to - from).get_days() > MAX_DAYS {
            return Err(Fault::invalid("to", "must be later than from, by at most 400 days"));
        }
        let mut tx = self.store.begin(workspace).await?;
        let counts = statement::count(&mut tx, workspace, from, to).await?;
        Ok(Report {
            drifts: statement::drift(&mut tx, workspace, from, to, MAX_DRIFTS).await?,
            drifting: counts.iter().map(|(_, count)| count).sum(),
            books: postgres::audit::drift(&mut tx, workspace).await?,
            old_holds: hold::count_older(&mut tx, workspace, self.now() - audit::OLD_HOLD).await?,
        })
    }
}
