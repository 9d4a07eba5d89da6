//! A clock that moves only when told to.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Clock;
use jiff::Timestamp;
use tokio::sync::Notify;

/// A [`Clock`] that stands still until [`ManualClock::advance`] or [`ManualClock::set`]. Clones share the time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<Mutex<Timestamp>>,
    moved: Arc<Notify>,
}

impl ManualClock {
    /// Starts at 2026-01-05T12:00:00Z, a Monday noon.
    pub fn new() -> Self {
        Self::at("2026-01-05T12:00:00Z".parse().expect("a valid time"))
    }

    /// Starts at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Arc::new(Mutex::new(now)),
            moved: Arc::new(Notify::new()),
        }
    }

    /// Moves the time forward and wakes who waits in [`ManualClock::moved`].
    pub fn advance(&self, by: Duration) {
        let by = jiff::SignedDuration::try_from(by).expect("a test's step fits");
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
        self.moved.notify_waiters();
    }

    /// Sets the time, backwards too: clocks of real machines jump.
    pub fn set(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
        self.moved.notify_waiters();
    }

    /// Resolves at the next move after this call.
    pub async fn moved(&self) {
        self.moved.notified().await;
    }

    /// Resolves once the clock shows `at` or later.
    pub async fn reached(&self, at: Timestamp) {
        loop {
            let moved = self.moved.notified();
            if self.now() >= at {
                return;
            }
            moved.await;
        }
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.reached(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn advancing_wakes_sleepers_that_are_due() {
        let clock = ManualClock::new();
        let due = clock.now() + jiff::SignedDuration::from_secs(30);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.reached(due).await }
        });
        clock.advance(Duration::from_secs(29));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.expect("wakes");
        assert_eq!(clock.now(), due);
    }
}
