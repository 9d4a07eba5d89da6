use crate::{Invalid, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use std::fmt;

const HOUR: u16 = 60;
const DAY: u16 = 24 * HOUR;

/// Part of a day, to the minute, on a wall clock; what runs past midnight ends beyond 24:00. At most 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenRange {
    /// Minutes since the day's midnight.
    from: u16,
    to: u16,
}

impl OpenRange {
    /// Reads "09:00-17:00"; "18:00-26:00" ends at two o'clock on the next day.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = |remedy: &str| Invalid::new("range", remedy);
        let form = || wrong("needs the form 09:00-17:00; hours after midnight count on from 24: 18:00-26:00");
        let (from, to) = text.split_once('-').ok_or_else(form)?;
        let (from, to) = (minutes(from).ok_or_else(form)?, minutes(to).ok_or_else(form)?);
        if from >= DAY {
            return Err(wrong(
                "must begin before 24:00; what begins later belongs to the next day",
            ));
        }
        if to <= from {
            return Err(wrong(
                "ends before it begins; hours after midnight count on from 24, as in 18:00-26:00",
            ));
        }
        if to - from > DAY {
            return Err(wrong("must not be longer than 24 hours"));
        }
        Ok(Self { from, to })
    }

    /// First moment, and the first after it, of the range that begins on a day. `None`: at the end of all time.
    pub(super) fn on(self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        let at = |minute: u16| {
            let date = day.checked_add(i64::from(minute / DAY).days()).ok()?;
            let midnight = date.to_datetime(jiff::civil::Time::midnight());
            let wall = midnight
                .checked_add(SignedDuration::from_mins(i64::from(minute % DAY)))
                .ok()?;
            zone.to_ambiguous_timestamp(wall).compatible().ok()
        };
        Some((at(self.from)?, at(self.to)?))
    }

    /// Another one of the same day that does not begin earlier.
    pub(super) fn overlaps(self, later: Self) -> bool {
        later.from < self.to
    }

    /// One of the next day.
    pub(super) fn runs_into(self, next: Self) -> bool {
        self.to > DAY && next.from < self.to - DAY
    }
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        two_digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour <= 48 && minute < HOUR).then_some(hour * HOUR + minute)
}

impl fmt::Display for OpenRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |minute: u16| (minute / HOUR, minute % HOUR);
        let ((hour, minute), (to_hour, to_minute)) = (clock(self.from), clock(self.to));
        write!(f, "{hour:02}:{minute:02}-{to_hour:02}:{to_minute:02}")
    }
}
