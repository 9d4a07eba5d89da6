use super::Billing;
use super::settle::lock_all;
use crate::domain::Receipt;
use crate::outbound::postgres::hold::{self, Key};
use domain::{Timestamp, WorkspaceId};
use fault::Result;
use std::collections::{BTreeMap, BTreeSet};

/// What a receipt says of a delivery.
#[derive(Debug, Clone)]
pub struct Told {
    pub key: Key,
    pub receipt: Receipt,
    pub at: Timestamp,
}

impl Billing {
    /// Keeps what receipts say beside what was charged, of all workspaces in one transaction. Money does not move by it, and order
    /// and repetition change nothing: of two the stronger counts.
    pub async fn note_receipts(&self, told: &[Told]) -> Result<()> {
        let mut strongest: BTreeMap<Key, (Receipt, Timestamp)> = BTreeMap::new();
        for item in told {
            let known = strongest.entry(item.key.clone()).or_insert((item.receipt, item.at));
            if known.0 < item.receipt {
                *known = (item.receipt, item.at);
            }
        }
        let workspaces: BTreeSet<&WorkspaceId> = told.iter().map(|item| &item.key.0).collect();
        let workspaces: Vec<WorkspaceId> = workspaces.into_iter().cloned().collect();
        let mut tx = self.begin_together(&workspaces).await?;
        // A receipt may overtake what it is of: then there is a row for it all the same.
        lock_all(&mut tx, strongest.keys().cloned().collect(), self.now()).await?;
        let receipts: Vec<_> = strongest
            .into_iter()
            .map(|(key, (receipt, at))| (key, receipt, at))
            .collect();
        hold::save_receipts(&mut tx, &receipts).await?;
        tx.commit().await
    }
}
