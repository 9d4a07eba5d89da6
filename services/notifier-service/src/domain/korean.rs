//! How Korean carriers count a text: bytes in EUC-KR (as everybody there means it, with all syllables of code page 949).
//! Up to 90 bytes are an SMS, up to 2,000 an LMS.

use encoding_rs::EUC_KR;

const SMS_BYTES: usize = 90;
const LMS_BYTES: usize = 2_000;

/// What a text is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sms,
    Lms,
}

/// Bytes of a text; `None`: it has characters that EUC-KR lacks.
pub fn bytes(text: &str) -> Option<usize> {
    let (encoded, _, replaced) = EUC_KR.encode(text);
    (!replaced).then_some(encoded.len())
}

/// `None`: it is longer than an LMS, or has characters that EUC-KR lacks.
pub fn kind(text: &str) -> Option<Kind> {
    let bytes = bytes(text)?;
    if bytes <= SMS_BYTES {
        Some(Kind::Sms)
    } else {
        (bytes <= LMS_BYTES).then_some(Kind::Lms)
    }
}

/// The longest beginning of a text that takes no more than `most` bytes, without characters that EUC-KR lacks.
pub fn cut(text: &str, most: usize) -> String {
    let (mut cut, mut used) = (String::new(), 0);
    for character in text.chars() {
        let Some(width) = bytes(character.encode_utf8(&mut [0; 4])) else {
            continue;
        };
        if used + width > most {
            break;
        }
        used += width;
        cut.push(character);
    }
    cut
}

/// A number as it is dialled within Korea; `None`: it belongs to another country.
pub fn national(number: &str) -> Option<String> {
    number.strip_prefix("+82").map(|rest| format!("0{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_vectors() {
        for (text, wanted) in [
            ("", Some(0)),
            ("Hello", Some(5)),
            ("안녕하세요", Some(10)),
            ("가a나", Some(5)),
            // Not in KS X 1001, in code page 949.
            ("똠방각하", Some(8)),
            ("漢字 ＡＢ", Some(9)),
            ("é", None),
            ("ł", Some(2)),
            ("ż", None),
            ("😀", None),
        ] {
            assert_eq!(bytes(text), wanted, "{text}");
        }
        for (text, wanted) in [
            ("가".repeat(45), Some(Kind::Sms)),
            ("가".repeat(45) + "a", Some(Kind::Lms)),
            ("a".repeat(90), Some(Kind::Sms)),
            ("가".repeat(1_000), Some(Kind::Lms)),
            ("가".repeat(1_000) + "a", None),
            ("😀".into(), None),
        ] {
            assert_eq!(kind(&text), wanted);
        }
    }

    #[test]
    fn titles_and_numbers() {
        assert_eq!(cut("가나다", 5), "가나");
        assert_eq!(cut("a😀b", 5), "ab");
        assert_eq!(national("+821012345678").as_deref(), Some("01012345678"));
        assert_eq!(national("+48600700123"), None);
    }
}
