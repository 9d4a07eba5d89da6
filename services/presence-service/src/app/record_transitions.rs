use crate::app::Board;
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use fault::Result;
use std::time::Duration;
use store::Tenure;

/// Transitions written in one transaction.
const BATCH: usize = 500;
/// Pause after the database did not answer; doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Writes transitions, row and fact together, in the order they were decided. Batches clock themselves: the next one is
/// what came up while the last was written. Returns when another process owns presence.
pub(crate) async fn record_transitions(board: &Board, rows: &VisitorPresence, tenure: &Tenure) {
    let mut pause = PAUSE;
    loop {
        let changed = board.pending_changed.notified();
        match record_pending(board, rows, tenure).await {
            Ok(Recorded::All) => {
                pause = PAUSE;
                changed.await;
            }
            Ok(Recorded::NotOurs) => return,
            Err(fault) => {
                tracing::warn!(
                    code = fault.code().name,
                    "transitions wait for the database: {}",
                    fault.chain()
                );
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// How far it went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    All,
    /// Another process owns presence: nothing was written.
    NotOurs,
}

/// Writes what is pending now, batch by batch.
pub(crate) async fn record_pending(board: &Board, rows: &VisitorPresence, tenure: &Tenure) -> Result<Recorded> {
    loop {
        let batch = board.pending(BATCH);
        if batch.is_empty() {
            return Ok(Recorded::All);
        }
        if !rows.record_transitions(tenure, &batch).await? {
            return Ok(Recorded::NotOurs);
        }
        board.written(&batch);
    }
}
