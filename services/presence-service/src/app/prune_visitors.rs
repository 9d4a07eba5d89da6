use crate::outbound::postgres::visitor_presence::VisitorPresence;
use ::domain::{Clock, Timestamp};
use fault::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(3600);
/// Rows deleted at a time: short transactions.
const BATCH: i64 = 2_000;

/// Deletes visitors who have been gone for longer than `retention` now, and every hour, until `stop`. Every replica does
/// it; they wait for each other's rows.
pub(crate) async fn prune_visitors(
    rows: VisitorPresence,
    clock: Arc<dyn Clock>,
    retention: Duration,
    stop: CancellationToken,
) {
    loop {
        let now = clock.now();
        if let Err(fault) = prune_before(&rows, now - retention, &stop).await {
            tracing::warn!(code = fault.code().name, "pruning waits: {}", fault.chain());
        }
        tokio::select! { () = clock.sleep_until(now + EVERY) => {}, () = stop.cancelled() => return }
    }
}

async fn prune_before(rows: &VisitorPresence, before: Timestamp, stop: &CancellationToken) -> Result<()> {
    while rows.prune_visitors(before, BATCH).await? >= BATCH.unsigned_abs() && !stop.is_cancelled() {}
    Ok(())
}
