use domain::{ContactId, Invalid, Timestamp};
use jiff::SignedDuration;

/// A hundred years: longer is for ever.
const LONGEST: u32 = 36_500;

/// How long contacts of which nothing is heard are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    ForEver,
    /// 1 to 36,500.
    Days(u32),
}

impl Period {
    /// 0: for ever.
    pub fn parse(days: u32) -> Result<Self, Invalid> {
        match days {
            0 => Ok(Self::ForEver),
            days if days <= LONGEST => Ok(Self::Days(days)),
            _ => Err(Invalid::new("days", "must be 1 to 36500, or 0 to keep them")),
        }
    }

    /// 0: for ever.
    pub fn days(self) -> u32 {
        match self {
            Self::ForEver => 0,
            Self::Days(days) => days,
        }
    }

    /// What was not heard of since then has been kept long enough. `None`: nothing has.
    pub fn over_before(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::ForEver => None,
            Self::Days(days) => now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).ok(),
        }
    }
}

/// A workspace's period, and how far it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    pub period: Period,
    /// Grows by one with each change; 0: nobody has set it.
    pub version: u64,
    pub by: String,
    pub set_at: Option<Timestamp>,
    /// The last contact that this round has looked at; `None`: a round begins.
    pub looked_up_to: Option<ContactId>,
    /// When all contacts were looked at last.
    pub applied_at: Option<Timestamp>,
    /// How many were erased because of it.
    pub erased: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            period: Period::ForEver,
            version: 0,
            by: String::new(),
            set_at: None,
            looked_up_to: None,
            applied_at: None,
            erased: 0,
        }
    }
}

/// What is known of when something was last heard of a person, here and in conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Made, captured, changed, agreed or bought last.
    pub noted_at: Timestamp,
    /// A conversation is open.
    pub open: bool,
    /// When a conversation was begun or resolved last.
    pub talked_at: Option<Timestamp>,
}

impl Activity {
    /// True where nothing was heard since `before` and nothing is open.
    pub fn is_over(&self, before: Timestamp) -> bool {
        !self.open && self.noted_at < before && self.talked_at.is_none_or(|at| at < before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_period_is_days_or_for_ever() {
        assert_eq!(Period::parse(0), Ok(Period::ForEver));
        assert_eq!(Period::parse(36_500).map(Period::days), Ok(36_500));
        assert_eq!(Period::parse(36_501).expect_err("too long").field, "days");
        let now = Timestamp::constant(1_790_000_000, 0);
        assert_eq!(Period::ForEver.over_before(now), None);
        let day = Period::Days(1).over_before(now);
        assert_eq!(day, Some(Timestamp::constant(1_790_000_000 - 86_400, 0)));
    }

    proptest! {
        #[test]
        fn nobody_goes_who_was_heard_of_or_has_something_open(
            noted in 0..100_i64, talked in prop::option::of(0..100_i64), open: bool, before in 0..100_i64,
        ) {
            let at = |second: i64| Timestamp::from_second(second).expect("in range");
            let activity = Activity { noted_at: at(noted), open, talked_at: talked.map(at) };
            let last = noted.max(talked.unwrap_or(0));
            prop_assert_eq!(activity.is_over(at(before)), !open && last < before);
        }
    }
}
