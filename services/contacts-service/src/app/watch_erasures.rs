use super::Contacts;
use crate::outbound::postgres::erasure;
use fault::Result;
use jiff::SignedDuration;
use std::time::Duration;

/// How often they are counted.
const EVERY: SignedDuration = SignedDuration::from_secs(10);

impl Contacts {
    /// Tells the metrics how many erasures are not done, and how old the oldest is. Ends when it is dropped.
    pub async fn watch_erasures(&self) {
        loop {
            let now = self.now();
            match self.count_erasures().await {
                Ok((count, oldest)) => {
                    let age = oldest.map_or(Ok(Duration::ZERO), |at| Duration::try_from(now.duration_since(at)));
                    metrics::erasures(count, age.unwrap_or_default());
                }
                Err(fault) => tracing::warn!(code = fault.code().name, "erasures are not counted: {}", fault.chain()),
            }
            self.store.clock().sleep_until(now + EVERY).await;
        }
    }

    async fn count_erasures(&self) -> Result<(u64, Option<domain::Timestamp>)> {
        let mut tx = self.store.begin_as_worker().await?;
        erasure::running(&mut tx).await
    }
}
