use domain::{Country, Invalid, Pu, Timestamp};

/// What is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Sms,
    Lms,
    Email,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Sms, Self::Lms, Self::Email];

    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Lms => "lms",
            Self::Email => "email",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where a price holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Price {
    /// Checks a line before it enters the list.
    pub fn new(kind: Kind, place: Place, valid_from: Timestamp, micro: i64) -> Result<Self, Invalid> {
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

    #[test]
    fn a_price_that_cannot_be_is_refused() {
        assert!(Place::parse("pl").is_err());
        assert!(Place::parse("").is_err());
        assert!(Price::new(Kind::Sms, Place::Anywhere, at(0), -1).is_err());
        assert!(Price::new(Kind::Sms, Place::Anywhere, at(0), MAX_PRICE + 1).is_err());
        let poland = Place::parse("PL").expect("a place");
        assert!(Price::new(Kind::Email, poland, at(0), 1).is_err());
    }
}
