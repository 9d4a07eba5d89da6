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

    #[test]
    fn every_listed_zone_is_known() {
        let lines = ZONES.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (country, zone) = line.split_once(' ').expect("a country and a zone");
            assert!(Country::parse(country).is_ok(), "{line}");
            assert!(TimeZone::get(zone).is_ok(), "{line}");
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
