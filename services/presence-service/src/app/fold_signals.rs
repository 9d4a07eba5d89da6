use crate::app::{Board, Heard};
use futures::{Stream, StreamExt};

/// Messages taken in under one lock.
const BATCH: usize = 512;
/// Full batches after which time passes even if more wait. Until then what waits is heard first, so that a pause of this
/// process is not taken for the silence of gateways.
const FULL_BATCHES: u32 = 64;

/// Folds what the gateways say, and the passing of time, while this process owns presence. Returns when the
/// subscription ends.
pub(crate) async fn fold_signals(board: &Board, heard: impl Stream<Item = Heard>) {
    let mut batches = std::pin::pin!(heard.ready_chunks(BATCH));
    let mut full = 0;
    loop {
        let room = board.pending_changed.notified();
        if board.is_full() {
            room.await;
            continue;
        }
        let due = board.next_due();
        tokio::select! {
            biased;
            batch = batches.next() => {
                let Some(batch) = batch else { return };
                board.hear(&batch);
                full = if batch.len() == BATCH { full + 1 } else { 0 };
                if full == 0 || full >= FULL_BATCHES {
                    full = 0;
                    board.elapse();
                }
            }
            () = board.sleep_until(due) => board.elapse(),
        }
    }
}
