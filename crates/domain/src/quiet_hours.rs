use crate::{Invalid, Timestamp};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longer ones leave no hour in which all zones of a wide country are awake.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// Where several zones count, a moment that suits all comes within two days, or never.
const SEARCHED: SignedDuration = SignedDuration::from_hours(48);

/// Hours of the day in which nothing is sent, on the recipient's clock: from the first minute, up to but not at the
/// last one; past midnight where the end is the earlier of the two. At most 12 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    from: Time,
    to: Time,
}

impl QuietHours {
    /// When nobody is written to who has not written first: 20:00-09:00.
    pub const FIRST_MESSAGES: Self = Self {
        from: Time::constant(20, 0, 0, 0),
        to: Time::constant(9, 0, 0, 0),
    };

    /// Reads "22:00-08:00"; empty is none.
    pub fn parse(text: &str) -> Result<Option<Self>, Invalid> {
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            Invalid::new(
                "quiet_hours",
                "needs the form 22:00-08:00, at most 12 hours, or nothing",
            )
        };
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (clock(from).ok_or_else(wrong)?, clock(to).ok_or_else(wrong)?);
        let hours = Self { from, to };
        if from == to || hours.length() > LONGEST {
            return Err(wrong());
        }
        Ok(Some(hours))
    }

    /// As [`QuietHours::parse`] reads it.
    pub fn words(hours: Option<Self>) -> String {
        hours.map(|hours| hours.to_string()).unwrap_or_default()
    }

    /// `None`: now is not quiet in any of the zones. Otherwise the next moment that is quiet in none of them; if there
    /// is none within two days, the end of the hours that now falls into.
    pub fn end_after(self, now: Timestamp, zones: &[TimeZone]) -> Option<Timestamp> {
        let end_at = |at| zones.iter().filter_map(|zone| self.end_in(at, zone)).max();
        let first = end_at(now)?;
        let mut at = first;
        while let Some(end) = end_at(at) {
            if end.duration_since(now) > SEARCHED {
                return Some(first);
            }
            at = end;
        }
        Some(at)
    }

    /// When the quiet hours that `at` falls into are over in a zone.
    fn end_in(self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = at.to_zoned(zone.clone());
        let time = local.time();
        let quiet = if self.from < self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        };
        if !quiet {
            return None;
        }
        let day = if time < self.to {
            local.date()
        } else {
            local.date().checked_add(1.day()).ok()?
        };
        // An end that the clock jumps over comes as much later as it jumps; one that comes twice counts when it comes next.
        let end = zone.to_ambiguous_timestamp(day.to_datetime(self.to));
        let next = end.compatible().ok().filter(|end| *end > at);
        next.or_else(|| end.later().ok()).filter(|end| *end > at)
    }

    fn length(self) -> SignedDuration {
        let day = SignedDuration::from_hours(24);
        let between = self.to.duration_since(self.from);
        if between.is_negative() { between + day } else { between }
    }
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        two_digits.then(|| text.parse::<i8>().ok()).flatten()
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from.hour(),
            from.minute(),
            to.hour(),
            to.minute()
        )
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> Self {
        hours.to_string()
    }
}

impl TryFrom<String> for QuietHours {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)?.ok_or_else(|| Invalid::new("quiet_hours", "must not be empty"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> QuietHours {
        QuietHours::parse(text).expect("hours").expect("not empty")
    }

    fn zones(names: &[&str]) -> Vec<TimeZone> {
        names.iter().map(|name| TimeZone::get(name).expect("a zone")).collect()
    }

    #[test]
    fn what_is_no_span_of_hours_is_refused() {
        for bad in [
            "22:00",
            "22-08",
            "24:00-08:00",
            "22:60-08:00",
            "8:00-09:00",
            "08:00-08:00",
            "08:00-20:01",
            "22:00 - 08:00",
            "+1:00-02:00",
        ] {
            assert_eq!(QuietHours::parse(bad).expect_err(bad).field, "quiet_hours");
        }
        assert_eq!(QuietHours::parse(""), Ok(None));
        for good in ["22:00-08:00", "00:00-12:00", "20:00-08:00", "00:30-00:31"] {
            assert_eq!(hours(good).to_string(), good);
        }
    }

    /// now, hours, zones -> when it may be sent (- : now)
    #[test]
    fn quiet_hours_end_on_the_clock_of_every_zone() {
        let night = "22:00-08:00";
        for (now, quiet, places, expected) in [
            ("2026-11-22T12:00:00Z", night, &["Europe/Warsaw"][..], "-"),
            (
                "2026-11-22T21:00:00Z",
                night,
                &["Europe/Warsaw"],
                "2026-11-23T07:00:00Z",
            ),
            ("2026-11-22T20:59:59Z", night, &["Europe/Warsaw"], "-"),
            (
                "2026-11-22T06:59:59Z",
                night,
                &["Europe/Warsaw"],
                "2026-11-22T07:00:00Z",
            ),
            ("2026-11-22T07:00:00Z", night, &["Europe/Warsaw"], "-"),
            // Within one day, and half-hour zones.
            (
                "2026-11-22T07:45:00Z",
                "13:00-14:00",
                &["Asia/Kolkata"],
                "2026-11-22T08:30:00Z",
            ),
            // Kiritimati is a day ahead.
            (
                "2026-11-22T10:00:00Z",
                night,
                &["Pacific/Kiritimati"],
                "2026-11-22T18:00:00Z",
            ),
            // Clocks go forward at 02:00: the end does not exist that day, and comes an hour later on the clock.
            (
                "2026-03-29T00:30:00Z",
                "22:00-02:30",
                &["Europe/Warsaw"],
                "2026-03-29T01:30:00Z",
            ),
            // Clocks go back at 03:00: the hour from 02:00 comes twice, and is quiet twice.
            (
                "2026-10-25T00:15:00Z",
                "22:00-02:30",
                &["Europe/Warsaw"],
                "2026-10-25T00:30:00Z",
            ),
            (
                "2026-10-25T01:15:00Z",
                "22:00-02:30",
                &["Europe/Warsaw"],
                "2026-10-25T01:30:00Z",
            ),
            // A wide country: New York wakes at 13:00 UTC, Honolulu five hours later; at 07:00 in New York it is
            // the evening before in Honolulu.
            (
                "2026-11-22T12:00:00Z",
                night,
                &["America/New_York", "Pacific/Honolulu"],
                "2026-11-22T18:00:00Z",
            ),
            (
                "2026-11-23T04:00:00Z",
                night,
                &["America/New_York", "Pacific/Honolulu"],
                "2026-11-23T18:00:00Z",
            ),
        ] {
            let now: Timestamp = now.parse().expect("a time");
            let end = hours(quiet).end_after(now, &zones(places));
            let told = end.map_or_else(|| "-".to_owned(), |end| end.to_string());
            assert_eq!(told, expected, "{now} {quiet} {places:?}");
        }
    }

    #[test]
    fn zones_that_are_never_awake_together_wait_two_days_at_most() {
        let around = zones(&[
            "Pacific/Kiritimati",
            "Asia/Dubai",
            "Europe/London",
            "America/New_York",
            "Pacific/Pago_Pago",
        ]);
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
        let end = hours("20:00-08:00").end_after(now, &around).expect("quiet somewhere");
        assert!(end > now && end.duration_since(now) <= SEARCHED);
    }
}
