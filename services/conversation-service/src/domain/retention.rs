//! How long what was said is kept.

use domain::{Invalid, Timestamp};
use jiff::SignedDuration;

/// A hundred years: longer is for ever.
const LONGEST: u32 = 36_500;

/// A workspace's period, and how far it was applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// After a conversation was resolved; 0: for ever.
    pub days: u32,
    /// Grows by one with each change; 0: nobody has set it.
    pub version: u64,
    pub by: String,
    pub set_at: Option<Timestamp>,
    /// When all conversations were looked at last.
    pub applied_at: Option<Timestamp>,
    /// How many lost their words because of it.
    pub erased: u64,
}

impl Retention {
    /// Reads a period.
    pub fn days(days: u32) -> Result<u32, Invalid> {
        match days {
            days if days <= LONGEST => Ok(days),
            _ => Err(Invalid::new("days", "must be 1 to 36500, or 0 to keep it")),
        }
    }

    /// What was resolved before then has been kept long enough. `None`: nothing has.
    pub fn over_before(&self, now: Timestamp) -> Option<Timestamp> {
        match self.days {
            0 => None,
            days => now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_days_or_for_ever() {
        assert_eq!((Retention::days(0), Retention::days(36_500)), (Ok(0), Ok(36_500)));
        assert_eq!(Retention::days(36_501).expect_err("too long").field, "days");
        let now = Timestamp::constant(1_790_000_000, 0);
        assert_eq!(Retention::default().over_before(now), None);
        let day = Retention {
            days: 1,
            ..Retention::default()
        };
        assert_eq!(
            day.over_before(now),
            Some(Timestamp::constant(1_790_000_000 - 86_400, 0))
        );
    }
}
