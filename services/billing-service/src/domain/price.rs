use domain::{Country, Invalid, Pu, Timestamp};
use std::collections::BTreeSet;

/// What is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Sms,
    Lms,
    Email,
    Whatsapp,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Sms, Self::Lms, Self::Email, Self::Whatsapp];

    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Lms => "lms",
            Self::Email => "email",
            Self::Whatsapp => "whatsapp",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where a price holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `*`: every country without a price of its own.
    Anywhere,
    Country(Country),
}

impl Place {
    /// Reads `*` or an ISO 3166 code.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "*" => Ok(Self::Anywhere),
            code => Country::parse(code)
                .map(Self::Country)
                .map_err(|_| Invalid::new("country", "needs an ISO 3166 code of two capital letters, or *")),
        }
    }

    /// Refuses the code of no country.
    pub fn known(self) -> Result<Self, Invalid> {
        match self {
            Self::Country(country) if !country.is_known() => {
                Err(Invalid::new("country", "is not an ISO 3166 code of any country"))
            }
            place => Ok(place),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Anywhere => "*",
            Self::Country(country) => country.as_str(),
        }
    }
}

/// One line of the price list: what a part costs from a date on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub kind: Kind,
    pub place: Place,
    pub valid_from: Timestamp,
    /// Per part (texts) or per message (e-mail).
    pub amount: Pu,
}

/// A million PU per part: more is a slip of units. 255 parts of it stay far below what an amount can hold.
pub const MAX_PRICE: i64 = 1_000_000_000_000;

/// Prices written at once: every country and kind fits.
pub const MAX_PRICES: usize = 1000;

/// Lines of a whole list, old prices too. A document of it stays far below what an answer can hold.
pub const MAX_LIST: usize = 20_000;

impl Price {
    /// Checks a line before it enters the list.
    pub fn new(kind: Kind, place: Place, valid_from: Timestamp, micro: i64) -> Result<Self, Invalid> {
        let place = place.known()?;
        if kind == Kind::Email && place != Place::Anywhere {
            return Err(Invalid::new("country", "must be * for e-mail, which has no country"));
        }
        if micro > MAX_PRICE {
            return Err(Invalid::new(
                "micro_pu",
                "must be at most 1,000,000,000,000 (a million PU)",
            ));
        }
        let amount = Pu::from_micro(micro)?;
        Ok(Self {
            kind,
            place,
            valid_from,
            amount,
        })
    }
}

/// The place in `prices` of the first one that has kind, place and time of one before it.
pub fn first_repeated(prices: &[Price]) -> Option<usize> {
    let mut seen = BTreeSet::new();
    prices
        .iter()
        .position(|price| !seen.insert((price.kind, price.place, price.valid_from)))
}

/// A text whose kind and country have no price in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceMissing;

/// The price in force at `at`: the newest of the country, else the newest of `*`. E-mail without any price is free.
pub fn price_of(list: &[Price], kind: Kind, country: Option<Country>, at: Timestamp) -> Result<Pu, PriceMissing> {
    let newest = |place: Place| {
        list.iter()
            .filter(|price| price.kind == kind && price.place == place && price.valid_from <= at)
            .max_by_key(|price| price.valid_from)
    };
    match country
        .map(Place::Country)
        .and_then(newest)
        .or_else(|| newest(Place::Anywhere))
    {
        Some(price) => Ok(price.amount),
        None if kind == Kind::Email => Ok(Pu::ZERO),
        None => Err(PriceMissing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn price(kind: Kind, place: &str, from: i64, micro: i64) -> Price {
        Price::new(kind, Place::parse(place).expect("a place"), at(from), micro).expect("a price")
    }

    #[test]
    fn the_country_beats_everywhere_and_the_newest_in_force_beats_older_ones() {
        let poland = Country::parse("PL").ok();
        let list = [
            price(Kind::Sms, "*", 0, 9),
            price(Kind::Sms, "PL", 10, 5),
            price(Kind::Sms, "PL", 20, 6),
            price(Kind::Sms, "*", 15, 8),
        ];
        let micro = |country, second| price_of(&list, Kind::Sms, country, at(second)).map(Pu::micro);
        assert_eq!(micro(poland, 9), Ok(9));
        assert_eq!(micro(poland, 10), Ok(5));
        assert_eq!(micro(poland, 19), Ok(5));
        assert_eq!(micro(poland, 25), Ok(6));
        assert_eq!(micro(Country::parse("FR").ok(), 25), Ok(8));
        assert_eq!(micro(poland, -1), Err(PriceMissing));
        assert_eq!(price_of(&list, Kind::Lms, poland, at(25)), Err(PriceMissing));
        assert_eq!(price_of(&list, Kind::Email, None, at(25)), Ok(Pu::ZERO));
    }

    fn line() -> impl Strategy<Value = (usize, usize, i64, i64)> {
        (0..Kind::ALL.len(), 0..3usize, 0..40i64, 0..1000i64)
    }

    const PLACES: [&str; 3] = ["*", "PL", "DE"];

    proptest! {
        /// As somebody would do it who turns the pages of a calendar, a line of the list at a time.
        #[test]
        fn the_price_of_a_day_is_what_the_calendar_says(
            lines in prop::collection::vec(line(), 0..30), kind in 0..Kind::ALL.len(), country in 1..3usize, day in 0..45i64
        ) {
            let list: Vec<Price> = lines
                .iter()
                .filter(|(kind, place, ..)| Kind::ALL[*kind] != Kind::Email || *place == 0)
                .map(|(kind, place, from, micro)| price(Kind::ALL[*kind], PLACES[*place], *from, *micro))
                .collect();
            prop_assume!(first_repeated(&list).is_none());
            let kind = Kind::ALL[kind];
            let mut calendar: [Option<Pu>; 2] = [None, None];
            for today in 0..=day {
                for price in list.iter().filter(|price| price.kind == kind && price.valid_from == at(today)) {
                    match price.place.as_str() {
                        "*" => calendar[0] = Some(price.amount),
                        place if place == PLACES[country] => calendar[1] = Some(price.amount),
                        _ => {}
                    }
                }
            }
            let country = Country::parse(PLACES[country]).ok().filter(|_| kind != Kind::Email);
            let expected = country.and(calendar[1]).or(calendar[0]);
            let expected = expected.or((kind == Kind::Email).then_some(Pu::ZERO)).ok_or(PriceMissing);
            prop_assert_eq!(price_of(&list, kind, country, at(day)), expected);
            let mut reversed = list;
            reversed.reverse();
            prop_assert_eq!(price_of(&reversed, kind, country, at(day)), expected);
        }
    }

    #[test]
    fn a_price_that_cannot_be_is_refused() {
        assert!(Place::parse("pl").is_err());
        assert!(Place::parse("").is_err());
        assert!(Price::new(Kind::Sms, Place::Anywhere, at(0), -1).is_err());
        assert!(Price::new(Kind::Sms, Place::Anywhere, at(0), MAX_PRICE + 1).is_err());
        let poland = Place::parse("PL").expect("a place");
        assert!(Price::new(Kind::Email, poland, at(0), 1).is_err());
        let nowhere = Place::parse("UK").expect("a code");
        assert!(Price::new(Kind::Sms, nowhere, at(0), 1).is_err());
    }
}
