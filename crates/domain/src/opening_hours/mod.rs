//! When a team can be reached: ranges of each weekday, days with hours of their own, on the clock of one time zone.

mod range;
#[cfg(test)]
mod tests;

pub use range::OpenRange;

use crate::{Invalid, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// More ranges than that a day are no opening hours.
const RANGES_A_DAY: usize = 8;
const SPECIAL_DAYS: usize = 400;
/// Whoever opens later than in this many days is taken not to open any more.
const SEARCHED_DAYS: i64 = 400;

/// Hours of a week and of special days. A range belongs to the day on which it begins, also where it runs past midnight;
/// a special day replaces the ranges that would begin on it, and none of the day before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningHours {
    zone_name: String,
    zone: TimeZone,
    /// From Monday on.
    week: [Vec<OpenRange>; 7],
    special: BTreeMap<Date, Vec<OpenRange>>,
}

/// What the hours say of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    pub open: bool,
    /// Open: when they close. Closed: when they open. `None`: not within 400 days.
    pub until: Option<Timestamp>,
}

impl OpeningHours {
    /// Checks and sorts. `week`: ranges by weekday. `special`: a day without ranges is closed. Refuses unknown zones, too many
    /// ranges or days, and ranges that overlap, also those of a weekday with the next one's.
    pub fn new(
        zone_name: &str,
        week: [Vec<OpenRange>; 7],
        special: BTreeMap<Date, Vec<OpenRange>>,
    ) -> Result<Self, Invalid> {
        let unknown = || {
            Invalid::new(
                "time_zone",
                "must be a name of the IANA time zones, such as Europe/Warsaw",
            )
        };
        let zone = crate::time_zone(zone_name).ok_or_else(unknown)?;
        if special.len() > SPECIAL_DAYS {
            return Err(Invalid::new("special_days", "may be 400 at most"));
        }
        let hours = Self {
            zone_name: zone_name.to_owned(),
            zone,
            week: week.map(sorted),
            special: special.into_iter().map(|(day, ranges)| (day, sorted(ranges))).collect(),
        };
        for (day, next) in hours.week.iter().zip(hours.week.iter().cycle().skip(1)) {
            check("week", day, next)?;
        }
        for (date, ranges) in &hours.special {
            let before = date.yesterday().map_or(&[][..], |before| hours.of(before));
            check("special_days", before, ranges)?;
            let after = date.tomorrow().map_or(&[][..], |after| hours.of(after));
            check("special_days", ranges, after)?;
        }
        Ok(hours)
    }

    /// Name of the zone, as it was given.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// The zone on whose clock they are.
    pub fn zone(&self) -> TimeZone {
        self.zone.clone()
    }

    /// From Monday on, sorted.
    pub fn week(&self) -> &[Vec<OpenRange>; 7] {
        &self.week
    }

    pub fn special(&self) -> &BTreeMap<Date, Vec<OpenRange>> {
        &self.special
    }

    /// Whether it is open at a moment, and until when that stays so. A range holds from its first moment, up to but not at
    /// its last; ranges that adjoin are one. A time that the clock jumps over comes as much later, and a range that this
    /// leaves no length does not come; a time that comes twice counts the first time.
    pub fn at(&self, at: Timestamp) -> Opening {
        let today = at.to_zoned(self.zone.clone()).date();
        let mut day = today.yesterday().unwrap_or(today);
        let mut open: Option<Timestamp> = None;
        for _ in 0..SEARCHED_DAYS {
            let moments = self.of(day).iter().filter_map(|range| range.on(day, &self.zone));
            let mut moments: Vec<_> = moments.filter(|(from, to)| from < to && *to > at).collect();
            // The clock's jump may have put an earlier range behind a later one.
            moments.sort_unstable();
            for (from, to) in moments {
                match open {
                    None if from > at => {
                        return Opening {
                            open: false,
                            until: Some(from),
                        };
                    }
                    // Adjoins, or overlaps by a jump of the clock.
                    Some(until) if from > until => {
                        return Opening {
                            open: true,
                            until: open,
                        };
                    }
                    _ => open = open.max(Some(to)),
                }
            }
            // Only what lasts until the next day's first moment can be prolonged by its ranges.
            let Ok(next) = day.tomorrow() else { break };
            if open.is_some_and(|until| until.to_zoned(self.zone.clone()).date() < next) {
                return Opening {
                    open: true,
                    until: open,
                };
            }
            day = next;
        }
        Opening {
            open: open.is_some(),
            until: None,
        }
    }

    /// The ranges that begin on a day.
    fn of(&self, day: Date) -> &[OpenRange] {
        let weekday = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        self.special.get(&day).unwrap_or(&self.week[weekday])
    }
}

fn sorted(mut ranges: Vec<OpenRange>) -> Vec<OpenRange> {
    ranges.sort_unstable();
    ranges
}

/// Ranges of a day, and those of the next that one of them may run into.
fn check(field: &'static str, day: &[OpenRange], next: &[OpenRange]) -> Result<(), Invalid> {
    if day.len() > RANGES_A_DAY {
        return Err(Invalid::new(field, "may have 8 ranges a day at most"));
    }
    let overlap = || {
        Invalid::new(
            field,
            "has ranges that overlap; join them, or end the one where the other begins",
        )
    };
    if day.windows(2).any(|pair| pair[0].overlaps(pair[1])) {
        return Err(overlap());
    }
    match (day.last(), next.first()) {
        (Some(last), Some(first)) if last.runs_into(*first) => Err(overlap()),
        _ => Ok(()),
    }
}
