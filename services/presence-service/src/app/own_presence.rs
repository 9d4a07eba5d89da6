use crate::app::Board;
use crate::app::answer_gaps::answer_gaps;
use crate::app::fold_signals::fold_signals;
use crate::app::record_transitions::{record_pending, record_transitions};
use crate::domain::Limits;
use crate::inbound::signals::Signals;
use crate::outbound::gateways::Gateways;
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use fault::Result;
use runtime::Readiness;
use std::sync::Arc;
use std::time::Duration;
use store::Tenure;
use tokio_util::sync::CancellationToken;

/// Time for the last transitions to be written when the service stops.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// One process owns presence; the others wait for the lease. An owner folds signals and writes transitions.
pub(crate) struct OwnPresence {
    pub(crate) board: Arc<Board>,
    pub(crate) rows: VisitorPresence,
    pub(crate) signals: Signals,
    pub(crate) gateways: Gateways,
    pub(crate) limits: Limits,
    pub(crate) readiness: Readiness,
}

impl OwnPresence {
    /// One tenure, from the rows that the last owner left until it is `over`. Ready for calls meanwhile.
    pub(crate) async fn run(&self, tenure: &Tenure, over: &CancellationToken) -> Result<()> {
        // Subscribed before anything is read: what happens meanwhile waits in the buffer.
        let heard = self.signals.subscribe().await?;
        let restored = self.rows.list_present().await?;
        tracing::info!(epoch = tenure.epoch(), present = restored.len(), "owns presence");
        self.board.open(tenure.epoch(), self.limits, restored);
        self.readiness.set(true);
        tokio::select! {
            () = fold_signals(&self.board, heard) => {}
            () = record_transitions(&self.board, &self.rows, tenure) => {}
            () = answer_gaps(&self.board, &self.gateways) => {}
            () = over.cancelled() => self.finish(tenure).await,
        }
        self.readiness.set(false);
        self.board.close();
        tracing::info!(epoch = tenure.epoch(), "no longer owns presence");
        Ok(())
    }

    /// Writes what was decided; nothing of it, if another process owns presence already.
    async fn finish(&self, tenure: &Tenure) {
        match tokio::time::timeout(LAST_WRITES, record_pending(&self.board, &self.rows, tenure)).await {
            Ok(Ok(_)) => {}
            Ok(Err(fault)) => tracing::warn!(
                code = fault.code().name,
                "the last transitions are not written: {}",
                fault.chain()
            ),
            Err(_) => tracing::warn!("the last transitions are not written: the database is slow"),
        }
    }
}
