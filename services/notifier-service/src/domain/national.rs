//! Numbers that are written as people of one country write them to each other.

/// Calling codes of one and of two digits; the others have three, and none begins with another.
const ONE: &[&str] = &["1", "7"];
const TWO: &[&str] = &[
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95", "98",
];
/// Where the zero at the beginning belongs to the number.
const ZERO_STAYS: &str = "39";
/// No number with its calling code is shorter: what is has no country.
const SHORTEST: usize = 8;

/// A national number in E.164, as its sender lives in the country of the number `ours` (E.164 without the plus). `None`:
/// that has no country, or it is no number.
pub fn beside(national: &str, ours: &str) -> Option<String> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if ours.len() < SHORTEST || !is_number(ours) || !is_number(national) {
        return None;
    }
    let known = ONE.iter().chain(TWO).find(|code| ours.starts_with(**code));
    let code = match known {
        Some(code) => code,
        None => ours.get(..3)?,
    };
    let own = match code {
        ZERO_STAYS => national,
        // Whoever calls from there dials the 1, too.
        "1" if national.len() == 11 => national.trim_start_matches('1'),
        _ => national.trim_start_matches('0'),
    };
    (!own.is_empty()).then(|| format!("+{code}{own}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_national_number_gets_the_calling_code_of_ours() {
        for (national, ours, wanted) in [
            ("600700123", "48732000000", Some("+48600700123")),
            ("0612345678", "33612000000", Some("+33612345678")),
            ("0612345678", "390612000000", Some("+390612345678")),
            ("2125550123", "12025550100", Some("+12125550123")),
            ("12125550123", "12025550100", Some("+12125550123")),
            ("0501234567", "380441234567", Some("+380501234567")),
            ("600700123", "7201", None),
            ("Amazon", "48732000000", None),
            ("0", "48732000000", None),
        ] {
            assert_eq!(beside(national, ours).as_deref(), wanted, "{national} beside {ours}");
        }
    }
}
