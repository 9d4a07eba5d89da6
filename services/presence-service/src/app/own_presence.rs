use crate::app::Board;
use crate::app::answer_gaps::answer_gaps;
use crate::app::fold_signals::fold_signals;
use crate::app::record_transitions::{record_pending, record_transitions};
use crate::domain::Limits;
use crate::inbound::signals::Signals;
use crate::outbound::gateways::Gateways;
use crate::outbound::postgres::shard_lease::{ShardLease, Tenure};
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use fault::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a waiting replica looks whether the lease is free.
const LOOK: Duration = Duration::from_secs(1);
/// Time for the last transitions to be written when the service stops.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// One process owns presence; the others wait for the lease. An owner folds signals, writes transitions and renews.
pub(crate) struct OwnPresence {
    pub(crate) board: Arc<Board>,
    pub(crate) rows: VisitorPresence,
    pub(crate) lease: ShardLease,
    pub(crate) signals: Signals,
    pub(crate) gateways: Gateways,
    pub(crate) limits: Limits,
    pub(crate) stop: CancellationToken,
}

impl OwnPresence {
    /// Until the service stops.
    pub(crate) async fn run(self) {
        while !self.stop.is_cancelled() {
            let waiting = match self.lease.acquire().await {
                Ok(Some(tenure)) => self.serve(&tenure).await,
                Ok(None) => Ok(()),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = waiting {
                tracing::warn!(code = fault.code().name, "cannot own presence: {}", fault.chain());
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// One tenure, from the rows that the last owner left to the loss of the lease.
    async fn serve(&self, tenure: &Tenure) -> Result<()> {
        // Subscribed before anything is read: what happens meanwhile waits in the buffer.
        let heard = self.signals.subscribe().await?;
        let restored = self.rows.list_present().await?;
        tracing::info!(epoch = tenure.epoch, present = restored.len(), "owns presence");
        self.board.open(tenure.epoch, self.limits, restored);
        tokio::select! {
            () = fold_signals(&self.board, heard) => {}
            () = record_transitions(&self.board, &self.rows, tenure) => {}
            () = answer_gaps(&self.board, &self.gateways) => {}
            () = self.renew(tenure) => {}
            () = self.stop.cancelled() => self.finish(tenure).await,
        }
        self.board.close();
        tracing::info!(epoch = tenure.epoch, "no longer owns presence");
        Ok(())
    }

    /// Returns when another process has the lease. While the database does not answer nobody can take it, and writes
    /// are checked against it, so the tenure goes on.
    async fn renew(&self, tenure: &Tenure) {
        loop {
            tokio::time::sleep(self.lease.renew_every()).await;
            match self.lease.renew(tenure).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => tracing::warn!(code = fault.code().name, "cannot renew: {}", fault.chain()),
            }
        }
    }

    /// Writes what was decided and hands the lease over at once.
    async fn finish(&self, tenure: &Tenure) {
        let last = async {
            record_pending(&self.board, &self.rows, tenure).await?;
            self.lease.release(tenure).await
        };
        match tokio::time::timeout(LAST_WRITES, last).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::warn!(
                code = fault.code().name,
                "the lease runs out by itself: {}",
                fault.chain()
            ),
            Err(_) => tracing::warn!("the lease runs out by itself: the database is slow"),
        }
    }
}
