use domain::{Pu, Timestamp};
use jiff::ToSpan;
use jiff::tz::TimeZone;

/// What a workspace pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Prepaying needs a paid plan.
    pub paid: bool,
    /// Paid in at the beginning of each month, gone at its end.
    pub allowance: Pu,
}

/// A workspace of whose plan nobody told: where there are no plans, everybody may prepay.
impl Default for Plan {
    fn default() -> Self {
        Self {
            paid: true,
            allowance: Pu::ZERO,
        }
    }
}

/// A month of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `2026-02`.
    pub name: String,
    /// When the next one begins.
    pub end: Timestamp,
}

impl Month {
    /// The month that `at` falls into. `None` at the end of the calendar.
    pub fn of(at: Timestamp, zone: &TimeZone) -> Option<Self> {
        let day = at.to_zoned(zone.clone());
        let next = day.date().first_of_month().checked_add(1.month()).ok()?;
        Some(Self {
            name: day.strftime("%Y-%m").to_string(),
            end: next.to_zoned(zone.clone()).ok()?.timestamp(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_at_the_workspaces_midnight() {
        let of = |at: &str, zone: &str| {
            let zone = TimeZone::get(zone).expect("a zone");
            let month = Month::of(at.parse().expect("a time"), &zone).expect("a month");
            (month.name, month.end.to_string())
        };
        let end = |name: &str, end: &str| (name.to_owned(), end.to_owned());
        assert_eq!(
            of("2026-01-31T22:59:59Z", "Europe/Warsaw"),
            end("2026-01", "2026-01-31T23:00:00Z")
        );
        assert_eq!(
            of("2026-01-31T23:00:00Z", "Europe/Warsaw"),
            end("2026-02", "2026-02-28T23:00:00Z")
        );
        assert_eq!(
            of("2026-12-15T00:00:00Z", "UTC"),
            end("2026-12", "2027-01-01T00:00:00Z")
        );
        assert_eq!(
            of("2026-03-15T00:00:00Z", "Europe/Warsaw"),
            end("2026-03", "2026-03-31T22:00:00Z")
        );
    }
}
