//! The time zones of a country.

use domain::Country;
use jiff::tz::TimeZone;

/// Lines of a country and one of its zones.
const ZONES: &str = include_str!("../../data/zones.txt");

/// The zones in which a customer may live whose phone number is of this country; empty where it is not known.
pub fn zones_of(country: &Country) -> Vec<TimeZone> {
    ZONES
        .lines()
        .filter_map(|line| line.strip_prefix(country.as_str())?.strip_prefix(' '))
        .filter_map(|name| TimeZone::get(name).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{QuietHours, Timestamp};
    use jiff::SignedDuration;

    #[test]
    fn every_listed_zone_is_known() {
        let lines = ZONES.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (country, zone) = line.split_once(' ').expect("a country and a zone");
            assert!(Country::parse(country).is_ok(), "{line}");
            assert!(TimeZone::get(zone).is_ok(), "{line}");
        }
    }

    /// Otherwise what falls into quiet hours there would be put off for ever.
    #[test]
    fn every_country_has_an_hour_at_which_all_of_it_is_awake() {
        let countries: std::collections::BTreeSet<&str> = ZONES.lines().filter_map(|line| line.get(..2)).collect();
        let longest = QuietHours::parse("20:00-08:00").expect("hours").expect("not empty");
        for country in countries.into_iter().filter(|country| !country.starts_with('#')) {
            let zones = zones_of(&Country::parse(country).expect("a country"));
            for day in ["2026-01-15T00:00:00Z", "2026-07-15T00:00:00Z"] {
                let midnight: Timestamp = day.parse().expect("a time");
                for hour in 0..24 {
                    let now = midnight + SignedDuration::from_hours(hour);
                    let end = longest.end_after(now, &zones).unwrap_or(now);
                    assert_eq!(longest.end_after(end, &zones), None, "{country} at {now}");
                }
            }
        }
    }

    #[test]
    fn a_country_has_all_of_its_zones_and_no_others() {
        let names = |country| {
            let zones = zones_of(&Country::parse(country).expect("a country"));
            let names = zones.iter().filter_map(TimeZone::iana_name).map(str::to_owned);
            names.collect::<Vec<_>>()
        };
        assert_eq!(names("PL"), ["Europe/Warsaw"]);
        assert_eq!(names("PT"), ["Europe/Lisbon", "Atlantic/Madeira", "Atlantic/Azores"]);
        assert!(names("ZZ").is_empty());
    }
}
