use super::App;
use crate::outbound::postgres::{
    inbound_text, joining_text, presence, receipt, reminder_mail, reply_address, return_link, send_limit,
    submitted_part, timeline,
};
use fault::Result;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Rows deleted at a time: short transactions.
const BATCH: i64 = 2_000;
/// Links stay for so long after their end: whoever looks into a complaint about one finds it.
const LINK_GRACE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A part of a text is known for so long when it comes again.
const PARTS_GRACE: SignedDuration = SignedDuration::from_hours(72);

impl App {
    /// Deletes what is too old now, and every hour, until `stop`. Several may run; they wait for each other's rows.
    pub async fn prune(self: Arc<Self>, stop: CancellationToken) {
        loop {
            if let Err(fault) = self.prune_all(&stop).await {
                tracing::warn!(code = fault.code().name, "pruning waits: {}", fault.chain());
            }
            let next = self.now() + EVERY;
            tokio::select! { () = self.store.clock().sleep_until(next) => {}, () = stop.cancelled() => return }
        }
    }

    async fn prune_all(&self, stop: &CancellationToken) -> Result<()> {
        let now = self.now();
        let before = now - self.retention;
        // Yesterday's counters stay: another process's clock may be behind.
        let day = (now - SignedDuration::from_hours(24)).to_zoned(TimeZone::UTC).date();
        loop {
            let mut tx = self.store.begin_as_worker().await?;
            let most = [
                timeline::prune_entries(&mut tx, before, BATCH).await?,
                receipt::prune_receipts(&mut tx, before, BATCH).await?,
                inbound_text::prune_inbound_texts(&mut tx, before, BATCH).await?,
                reminder_mail::prune_reminder_mails(&mut tx, before, BATCH).await?,
                joining_text::prune_joining_texts(&mut tx, now - PARTS_GRACE, BATCH).await?,
                submitted_part::prune_submitted_parts(&mut tx, before, BATCH).await?,
                send_limit::prune_limits(&mut tx, day, BATCH).await?,
                return_link::prune_return_links(&mut tx, now - LINK_GRACE, BATCH).await?,
                reply_address::prune_reply_addresses(&mut tx, now - LINK_GRACE, BATCH).await?,
                presence::prune_visitors(&mut tx, before, BATCH).await?,
            ];
            tx.commit().await?;
            let full = most.iter().any(|pruned| *pruned >= BATCH.unsigned_abs());
            if !full || stop.is_cancelled() {
                return Ok(());
            }
        }
    }
}
