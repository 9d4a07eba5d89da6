use crate::Invalid;
use std::time::Duration;

/// Divides the product's own durations (debounce, escalation, grace) when timers are armed, so that minutes become
/// seconds in demonstrations. Never applied to transport, lease or security time-outs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeScale(f64);

impl Default for TimeScale {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TimeScale {
    /// 1 is real time; at most 10,000.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.parse::<f64>() {
            Ok(scale) if (1.0..=10_000.0).contains(&scale) => Ok(Self(scale)),
            _ => Err(Invalid::new(
                "time_scale",
                "must be a number from 1 (real time) to 10000",
            )),
        }
    }

    pub fn apply(self, duration: Duration) -> Duration {
        duration.div_f64(self.0)
    }

    /// How much of the product's time passes in a real duration: what [`TimeScale::apply`] takes back.
    pub fn passed(self, real: Duration) -> Duration {
        Duration::try_from_secs_f64(real.as_secs_f64() * self.0).unwrap_or(Duration::MAX)
    }
}
