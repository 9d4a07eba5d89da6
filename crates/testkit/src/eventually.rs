//! Waiting for something, with an end.

use std::time::Duration;

use tokio::time::Instant;

/// What did not happen in time.
#[derive(Debug)]
pub struct TimedOut {
    what: String,
    within: Duration,
}

impl std::fmt::Display for TimedOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "waited {:.1} s in vain: {}", self.within.as_secs_f64(), self.what)
    }
}

impl std::error::Error for TimedOut {}

/// Asks `probe` until it yields a value, at most for `within` (of real time). `what` names the expectation in the error.
pub async fn eventually<T>(
    what: impl Into<String>,
    within: Duration,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> Result<T, TimedOut> {
    let end = Instant::now() + within;
    let mut pause = Duration::from_millis(5);
    loop {
        if let Ok(Some(found)) = tokio::time::timeout_at(end, probe()).await {
            return Ok(found);
        }
        if Instant::now() >= end {
            return Err(TimedOut {
                what: what.into(),
                within,
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_returns_the_value_or_says_what_was_awaited() {
        let mut asked = 0;
        let seen = eventually("three", Duration::from_secs(5), async || {
            asked += 1;
            (asked == 3).then_some(asked)
        })
        .await;
        assert_eq!(seen.expect("three"), 3);
        let missed = eventually("the moon", Duration::from_millis(20), async || None::<()>).await;
        assert!(missed.expect_err("never").to_string().contains("the moon"));
    }
}
