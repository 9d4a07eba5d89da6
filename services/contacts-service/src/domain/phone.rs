use domain::{Country, Invalid, PhoneE164};
use rlibphonenumber::enums::{NumberLengthType, PhoneNumberType, Region};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat};

/// A phone number that can exist, in its one spelling, with the country it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    pub number: PhoneE164,
    pub country: Country,
}

/// No country writes a number longer than this, whatever separators people use.
const MAX_LENGTH: usize = 40;

impl Phone {
    /// Reads a number as people write it. One without a country code is read as a number of `default_country`.
    ///
    /// Refused is what is too short or too long for a line or a mobile of its country. Numbers of the right length in ranges that are not
    /// (yet) known to be in use pass: numbering plans change faster than metadata.
    pub fn parse(text: &str, default_country: Option<Country>) -> Result<Self, Invalid> {
        let text = text.trim();
        let international = text.starts_with('+') || text.starts_with("00");
        let refused = || {
            Invalid::new(
                "phone",
                "is not a possible phone number; write it with its country code, like +48 600 700 123",
            )
        };
        let missing = || {
            Invalid::new(
                "phone",
                "needs its country code, like +48 600 700 123, because no default country is known",
            )
        };
        if text.len() > MAX_LENGTH || text.chars().any(char::is_alphabetic) {
            return Err(refused());
        }
        let region = default_country.map(region_of).transpose()?;
        if region.is_none() && !international {
            return Err(missing());
        }
        // `00` is the commonest way to dial abroad; where no country says otherwise it stands for `+`.
        let plus = text
            .strip_prefix("00")
            .filter(|_| region.is_none())
            .map(|rest| format!("+{rest}"));
        let number = PHONE_NUMBER_UTIL
            .parse(plus.as_deref().unwrap_or(text), region)
            .map_err(|_| refused())?;
        let possible =
            PHONE_NUMBER_UTIL.is_possible_number_for_type_with_reason(&number, PhoneNumberType::FixedLineOrMobile);
        if possible != Ok(NumberLengthType::IsPossible) {
            return Err(refused());
        }
        let country = country_of(&number).ok_or_else(refused)?;
        let number = PhoneE164::parse(&number.format_as(PhoneNumberFormat::E164))?;
        Ok(Self { number, country })
    }
}

fn region_of(country: Country) -> Result<Region, Invalid> {
    Region::try_from(country.as_str())
        .ok()
        .filter(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(*region).is_some())
        .ok_or_else(|| Invalid::new("default_country", "is not a country with phone numbers"))
}

/// The country by the number itself, else the main country of its calling code.
fn country_of(number: &PhoneNumber) -> Option<Country> {
    let region = number
        .get_region_code()
        .or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(number.country_code))?;
    Country::parse(&region.as_region_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, country: &str) -> Result<(String, String), Invalid> {
        Phone::parse(text, Country::parse(country).ok())
            .map(|phone| (phone.number.expose().to_owned(), phone.country.as_str().to_owned()))
    }

    #[test]
    fn every_spelling_of_a_number_becomes_one() {
        let expected = Ok(("+48600700123".to_owned(), "PL".to_owned()));
        for spelling in [
            "600700123",
            "600 700 123",
            "+48 600-700-123",
            "(48) 600700123",
            "0048600700123",
        ] {
            assert_eq!(read(spelling, "PL"), expected, "{spelling}");
        }
        for spelling in ["+48600700123", "0048 600 700 123"] {
            assert_eq!(read(spelling, ""), expected, "{spelling}");
        }
    }

    #[test]
    fn the_country_is_that_of_the_number() {
        assert_eq!(
            read("+33 6 12 34 56 78", "PL"),
            Ok(("+33612345678".into(), "FR".into()))
        );
        assert_eq!(read("+1 604 555 0123", "PL"), Ok(("+16045550123".into(), "CA".into())));
        assert_eq!(read("+1 555 000 0001", ""), Ok(("+15550000001".into(), "US".into())));
        assert_eq!(read("07700 900123", "GB"), Ok(("+447700900123".into(), "GB".into())));
    }

    #[test]
    fn what_cannot_be_a_number_is_refused_by_field() {
        for bad in [
            "",
            "+",
            "12",
            "+48 600 700",
            "+48 600 700 123 4567",
            "+999 123 456 789",
            "call me",
            "1-800-FLOWERS",
        ] {
            assert_eq!(read(bad, "PL").expect_err(bad).field, "phone", "{bad:?}");
        }
        assert_eq!(read("600700123", "").expect_err("no country").field, "phone");
        assert_eq!(
            read("600700123", "ZZ").expect_err("no such country").field,
            "default_country"
        );
        assert_eq!(read(&"1".repeat(5000), "PL").expect_err("too long").field, "phone");
    }
}
