//! Numbers that are written as people of one country write them to each other.

use rlibphonenumber::enums::{NumberLengthType, PhoneNumberType, Region};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

/// A national number in E.164, as its sender lives in the country of the number `ours` (E.164 without the plus). `None`:
/// that has no country, or it is no number that can exist there.
pub fn beside(national: &str, ours: &str) -> Option<String> {
    // The parser would read the letters of a name as the keys of a telephone.
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(ours) || !is_number(national) {
        return None;
    }
    let ours = PHONE_NUMBER_UTIL.parse(format!("+{ours}"), None).ok()?;
    let region = ours
        .get_region_code()
        .or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(ours.country_code))?;
    // Some still dial a zero where it was given up.
    let readings = [national, national.trim_start_matches('0')];
    readings.into_iter().find_map(|digits| read(digits, region))
}

/// What people of the region write, in E.164; `None` if it is too short or too long for a line or a mobile there.
fn read(national: &str, region: Region) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(national, Some(region)).ok()?;
    let possible =
        PHONE_NUMBER_UTIL.is_possible_number_for_type_with_reason(&number, PhoneNumberType::FixedLineOrMobile);
    (possible == Ok(NumberLengthType::IsPossible)).then(|| number.format_as(PhoneNumberFormat::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_national_number_gets_the_calling_code_of_ours() {
        for (national, ours, wanted) in [
            ("600700123", "48732000000", Some("+48600700123")),
            ("0600700123", "48732000000", Some("+48600700123")),
            ("01712345678", "491711234567", Some("+491712345678")),
            // With the prefix by which one calls abroad.
            ("00447911123456", "48732000000", Some("+447911123456")),
            ("0612345678", "33612000000", Some("+33612345678")),
            // The zero belongs to the number.
            ("0612345678", "390612000000", Some("+390612345678")),
            ("3312345678", "390612000000", Some("+393312345678")),
            ("2125550123", "12025550100", Some("+12125550123")),
            ("12125550123", "12025550100", Some("+12125550123")),
            ("0501234567", "380441234567", Some("+380501234567")),
            ("01012345678", "821011112222", Some("+821012345678")),
            // Other countries dial something else than a zero before a number.
            ("89161234567", "79161110000", Some("+79161234567")),
            ("9161234567", "79161110000", Some("+79161234567")),
            ("80291234567", "375291110000", Some("+375291234567")),
            ("861234567", "37061110000", Some("+37061234567")),
            ("06201234567", "36301110000", Some("+36201234567")),
        ] {
            assert_eq!(beside(national, ours).as_deref(), wanted, "{national} beside {ours}");
        }
    }

    #[test]
    fn what_is_no_number_of_a_country_has_none() {
        for (national, ours) in [
            ("600700123", "7201"),
            ("600700123", ""),
            ("600700123", "Homing"),
            ("Amazon", "48732000000"),
            ("0", "48732000000"),
            ("", "48732000000"),
            ("6007", "48732000000"),
        ] {
            assert_eq!(beside(national, ours), None, "{national} beside {ours}");
        }
    }
}
