//! The first of the three steps: the delivery is ours for the length of a lease.

use super::App;
use crate::domain::{Case, Move, Turn};
use crate::outbound::postgres::delivery::Delivery;
use domain::{Timestamp, WorkspaceId};
use fault::Result;
use store::Tx;

/// A delivery that is being checked, and the case as it was at the claim.
pub(crate) struct Claimed {
    pub workspace: WorkspaceId,
    pub delivery: Delivery,
    pub case: Case,
    pub at: Timestamp,
}

impl App {
    /// Tx 1: due -> checking. `None`: there is nothing to send any more.
    pub(crate) async fn claim(&self, mut tx: Tx, workspace: &WorkspaceId, seen: &Delivery) -> Result<Option<Claimed>> {
        let (mut open, mut delivery) = self.open_delivery(&mut tx, workspace, seen).await?;
        match delivery.status.take(Turn::Check, delivery.attempts > 0) {
            Ok(Move::To(status)) => (delivery.status, delivery.status_at) = (status, open.now),
            Ok(Move::Stay) => {}
            Err(_) => return Ok(None),
        }
        delivery.checks += 1;
        open.save_delivery(&mut tx, &delivery, true).await?;
        tx.commit().await?;
        Ok(Some(Claimed {
            workspace: workspace.clone(),
            delivery,
            case: open.case,
            at: open.now,
        }))
    }
}
