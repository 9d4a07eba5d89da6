use crate::Invalid;

/// An ISO 3166 alpha-2 country code in capitals. Not personal by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// Every code that ISO 3166-1 assigns.
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM \
    BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX \
    CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG \
    GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV \
    LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE \
    NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF \
    WS YE YT ZA ZM ZW";
/// Not assigned, and yet with telephones: Ascension, Tristan da Cunha, Kosovo; and ISO's code for 'unknown', which stands
/// for numbers of no country (satellite phones).
const RESERVED: &str = "AC TA XK ZZ";

impl Country {
    /// Reads a code by its form; see `is_known` for whether there is such a country.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([a, b])),
            _ => Err(Invalid::new(
                "country",
                "needs an ISO 3166 code of two capital letters, for example PL",
            )),
        }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII capitals by construction")
    }

    /// True where ISO 3166 assigns the code, or telephone numbers are given out under it.
    pub fn is_known(&self) -> bool {
        [ASSIGNED, RESERVED]
            .iter()
            .any(|list| list.split(' ').any(|code| code == self.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_told_from_codes_that_nobody_has() {
        assert_eq!(ASSIGNED.split(' ').count(), 249);
        for known in ["PL", "KR", "US", "GB", "AD", "ZW", "XK", "AC", "ZZ"] {
            assert!(Country::parse(known).expect("a code").is_known(), "{known}");
        }
        for unknown in ["UK", "QQ", "AA", "EU"] {
            assert!(!Country::parse(unknown).expect("a code").is_known(), "{unknown}");
        }
    }
}
