//! How many parts a text takes: GSM 03.38 septets where every character has one, else UCS-2.
//! Source: 3GPP TS 23.038 (alphabet and extension table) and TS 23.040 (concatenation header of 6 octets).

/// How a text is coded on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Gsm7,
    Ucs2,
}

/// What a text takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub encoding: Encoding,
    /// 0 for an empty text, else 1 or more.
    pub count: u32,
}

/// One part alone, and each of several: 160/153 septets, 70/67 UTF-16 units.
const GSM7: (u32, u32) = (160, 153);
const UCS2: (u32, u32) = (70, 67);

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

fn septets(character: char) -> Option<u32> {
    if BASIC.contains(character) {
        Some(1)
    } else if EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

/// Counts the parts. A character of two units (extension septets, surrogate pairs) is never split over two parts.
pub fn parts(text: &str) -> Parts {
    let widths: Option<Vec<u32>> = text.chars().map(septets).collect();
    match widths {
        Some(widths) => Parts {
            encoding: Encoding::Gsm7,
            count: fill(widths.into_iter(), GSM7),
        },
        None => {
            let widths = text
                .chars()
                .map(|character| if character.len_utf16() == 2 { 2 } else { 1 });
            Parts {
                encoding: Encoding::Ucs2,
                count: fill(widths, UCS2),
            }
        }
    }
}

fn fill(widths: impl Iterator<Item = u32> + Clone, (alone, each): (u32, u32)) -> u32 {
    let total: u32 = widths.clone().sum();
    if total == 0 {
        return 0;
    }
    if total <= alone {
        return 1;
    }
    let (mut count, mut used) = (1, 0);
    for width in widths {
        if used + width > each {
            count += 1;
            used = 0;
        }
        used += width;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(text: &str) -> (Encoding, u32) {
        let parts = parts(text);
        (parts.encoding, parts.count)
    }

    #[test]
    fn golden_vectors() {
        use Encoding::{Gsm7, Ucs2};
        assert_eq!(count(""), (Gsm7, 0));
        assert_eq!(count(&"a".repeat(160)), (Gsm7, 1));
        assert_eq!(count(&"a".repeat(161)), (Gsm7, 2));
        assert_eq!(count(&"a".repeat(306)), (Gsm7, 2));
        assert_eq!(count(&"a".repeat(307)), (Gsm7, 3));
        assert_eq!(count(&"€".repeat(80)), (Gsm7, 1));
        assert_eq!(count(&"€".repeat(81)), (Gsm7, 2));
        // 153 is odd: an escape pair that would straddle the border moves to the next part.
        assert_eq!(count(&"€".repeat(153)), (Gsm7, 3));
        assert_eq!(count(&"ł".repeat(70)), (Ucs2, 1));
        assert_eq!(count(&"ł".repeat(71)), (Ucs2, 2));
        assert_eq!(count(&"ł".repeat(134)), (Ucs2, 2));
        assert_eq!(count(&"ł".repeat(135)), (Ucs2, 3));
        assert_eq!(count(&"😀".repeat(35)), (Ucs2, 1));
        assert_eq!(count(&"😀".repeat(36)), (Ucs2, 2));
        assert_eq!(count(&"😀".repeat(67)), (Ucs2, 3));
        assert_eq!(count("`"), (Ucs2, 1));
    }

    #[test]
    fn the_basic_alphabet_has_127_characters_besides_the_escape() {
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
    }

    proptest! {
        #[test]
        fn a_longer_text_never_takes_fewer_parts(text in "\\PC{0,400}", more in "\\PC{0,40}") {
            let longer = format!("{text}{more}");
            prop_assert!(parts(&longer).count >= parts(&text).count);
        }
    }
}
