use jiff::tz::TimeZone;

/// Names of the database that say no place: none, or another one on each machine.
const NOWHERE: [&str; 3] = ["factory", "localtime", "posixrules"];

/// The zone of an IANA name, such as Europe/Warsaw. `None`: there is none of that name, or it names no place.
pub fn time_zone(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())?;
    (!NOWHERE.contains(&name.to_ascii_lowercase().as_str())).then_some(zone)
}

#[cfg(test)]
mod tests {
    use super::time_zone;

    #[test]
    fn a_zone_is_a_place_s() {
        for name in ["Europe/Warsaw", "UTC", "Etc/GMT+3", "europe/paris"] {
            assert!(time_zone(name).is_some(), "{name}");
        }
        for name in ["", "Mars/Base", "Etc/Unknown", "Factory", "localtime", "posixrules"] {
            assert_eq!(time_zone(name), None, "{name}");
        }
    }
}
