use super::App;
use crate::domain::Kind;
use crate::outbound::postgres::retention;
use ::domain::Timestamp;
use fault::Result;
use jiff::SignedDuration;
use std::collections::HashMap;
use std::time::Duration;

/// How often they are counted.
const EVERY: SignedDuration = SignedDuration::from_secs(10);

impl App {
    /// Tells the metrics how many wait of each kind, in all workspaces, and how long the oldest does. Ends when it is dropped.
    pub(crate) async fn watch_waiting(&self) {
        loop {
            let now = self.now();
            match self.count_waiting().await {
                Ok(found) => tell(&found, now),
                Err(fault) => tracing::warn!(code = fault.code().name, "who waits is not counted: {}", fault.chain()),
            }
            self.store.clock().sleep_until(now + EVERY).await;
        }
    }

    async fn count_waiting(&self) -> Result<HashMap<Kind, (u64, Timestamp)>> {
        let mut tx = self.store.begin_as_worker().await?;
        retention::count_waiting(&mut tx).await
    }
}

fn tell(found: &HashMap<Kind, (u64, Timestamp)>, now: Timestamp) {
    for kind in Kind::ALL {
        let (count, since) = found.get(&kind).copied().unwrap_or((0, now));
        let age = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        metrics::requests_waiting(kind.word(), count, age);
    }
}
