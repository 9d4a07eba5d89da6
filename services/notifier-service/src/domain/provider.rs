//! Which provider takes a text: by the country it goes to, in order, leaving out what was tried and what fails.

use jiff::Timestamp;
use std::collections::BTreeMap;

/// The providers of each country, in order; `*` for the countries that are not named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes(BTreeMap<String, Vec<String>>);

/// Names the countries that no route names.
pub const REST: &str = "*";

/// Who is to take a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice<'a> {
    Provider(&'a str),
    /// All that could take it are left alone for now; the first one until then.
    NotBefore(Timestamp),
    /// Nobody serves the country.
    Nobody,
}

impl Routes {
    /// `by_country`: names of providers by country, in order.
    pub fn new(by_country: BTreeMap<String, Vec<String>>) -> Self {
        Self(by_country)
    }

    /// Everything through these providers, in order.
    pub fn all_through(providers: &[String]) -> Self {
        Self(BTreeMap::from([(REST.to_owned(), providers.to_vec())]))
    }

    /// The providers of a country, in order.
    pub fn order(&self, country: &str) -> &[String] {
        let order = self.0.get(country).or_else(|| self.0.get(REST));
        order.map_or(&[], Vec::as_slice)
    }

    /// The first provider of a country that was not tried yet and may be called. `not_before`: until when a provider is
    /// left alone.
    pub fn choose(
        &self,
        country: &str,
        tried: &[String],
        not_before: impl Fn(&str) -> Option<Timestamp>,
    ) -> Choice<'_> {
        let order = self.order(country);
        let untried: Vec<&str> = order
            .iter()
            .map(String::as_str)
            .filter(|name| !tried.iter().any(|tried| tried == name))
            .collect();
        // All were tried under other routes: from the beginning.
        let open = if untried.is_empty() {
            order.iter().map(String::as_str).collect()
        } else {
            untried
        };
        let mut earliest: Option<Timestamp> = None;
        for name in open {
            let Some(until) = not_before(name) else {
                return Choice::Provider(name);
            };
            earliest = Some(earliest.map_or(until, |earliest| earliest.min(until)));
        }
        earliest.map_or(Choice::Nobody, Choice::NotBefore)
    }

    /// Whether somebody else may take at once what these could not.
    pub fn has_another(&self, country: &str, tried: &[String], not_before: impl Fn(&str) -> Option<Timestamp>) -> bool {
        let mut order = self.order(country).iter();
        order.any(|name| !tried.contains(name) && not_before(name).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn the_first_that_may_be_called_takes_it() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let routes = Routes::new(
            [
                ("KR", names(&["seoul"])),
                ("PL", names(&["smsc", "main"])),
                ("*", names(&["main"])),
            ]
            .map(|(country, names)| (country.to_owned(), names))
            .into(),
        );
        let provider = Choice::Provider;
        type Case<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, i64)], Choice<'a>);
        let cases: [Case; 10] = [
            ("KR", &[], &[], provider("seoul")),
            ("KR", &[], &[("seoul", 9)], Choice::NotBefore(at(9))),
            ("PL", &[], &[], provider("smsc")),
            ("PL", &["smsc"], &[], provider("main")),
            ("PL", &[], &[("smsc", 9)], provider("main")),
            ("PL", &[], &[("smsc", 9), ("main", 7)], Choice::NotBefore(at(7))),
            ("PL", &["smsc"], &[("main", 7)], Choice::NotBefore(at(7))),
            ("PL", &["smsc", "main"], &[], provider("smsc")),
            ("FR", &[], &[], provider("main")),
            ("FR", &["gone"], &[], provider("main")),
        ];
        for (country, tried, left_alone, wanted) in cases {
            let not_before = |name: &str| {
                left_alone
                    .iter()
                    .find(|(alone, _)| *alone == name)
                    .map(|(_, until)| at(*until))
            };
            let chosen = routes.choose(country, &names(tried), not_before);
            assert_eq!(chosen, wanted, "{country} {tried:?} {left_alone:?}");
        }
        let none = |_: &str| None;
        assert!(routes.has_another("PL", &names(&["smsc"]), none));
        assert!(!routes.has_another("PL", &names(&["smsc", "main"]), none));
        assert!(!routes.has_another("PL", &names(&["smsc"]), |_| Some(at(1))));
    }

    #[test]
    fn a_country_without_a_route_is_served_by_nobody() {
        let routes = Routes::new(BTreeMap::from([("KR".to_owned(), vec!["seoul".to_owned()])]));
        assert_eq!(routes.choose("PL", &[], |_| None), Choice::Nobody);
        assert_eq!(
            Routes::all_through(&["x".to_owned()]).choose("PL", &[], |_| None),
            Choice::Provider("x")
        );
    }
}
