//! How long an expectation may take.

use std::time::Duration;

use anyhow::Result;

/// Long enough for a slow machine, short enough to notice that something will never come.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// Asks until `probe` yields a value; its errors count as 'not yet', and the last one is told in the end.
pub(super) async fn soon<T>(what: &str, mut probe: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let mut last = None;
    let found = testkit::eventually(what, PATIENCE, async || match probe().await {
        Ok(found) => found,
        Err(error) => {
            last = Some(error);
            None
        }
    });
    match found.await {
        Ok(found) => Ok(found),
        Err(timed_out) => Err(match last {
            Some(error) => error.context(timed_out),
            None => timed_out.into(),
        }),
    }
}
