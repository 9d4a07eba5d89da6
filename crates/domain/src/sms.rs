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

/// The parts of a text as they go over the air, as many as [`parts`] counts: one octet for each septet of GSM 03.38
/// (bit 8 is 0), or UTF-16 with the high octet first. The header that joins them is the caller's.
pub fn split(text: &str) -> Vec<Vec<u8>> {
    let Parts { encoding, count } = parts(text);
    let ((_, each), width, bytes): (_, u32, fn(char) -> Vec<u8>) = match encoding {
        Encoding::Gsm7 => (GSM7, 1, gsm7_octets),
        Encoding::Ucs2 => (UCS2, 2, utf16_octets),
    };
    let most = if count > 1 { (each * width) as usize } else { usize::MAX };
    let mut split: Vec<Vec<u8>> = Vec::new();
    for character in text.chars() {
        let octets = bytes(character);
        match split.last_mut() {
            Some(part) if part.len() + octets.len() <= most => part.extend(octets),
            _ => split.push(octets),
        }
    }
    split
}

/// What octets of GSM 03.38, one for each septet, say; a septet that has no meaning is a space.
pub fn read_gsm7(octets: &[u8]) -> String {
    let mut septets = octets.iter().map(|octet| octet & 0x7f);
    let mut text = String::with_capacity(octets.len());
    while let Some(septet) = septets.next() {
        let character = if septet == ESCAPE {
            septets.next().and_then(extended)
        } else {
            let place = if septet < ESCAPE { septet } else { septet - 1 };
            BASIC.chars().nth(place.into())
        };
        text.push(character.unwrap_or(' '));
    }
    text
}

/// The codes of the extension table, in its order.
const EXTENSION_CODES: [u8; 10] = [0x0a, 0x14, 0x28, 0x29, 0x2f, 0x3c, 0x3d, 0x3e, 0x40, 0x65];
/// Before a character of the extension table.
const ESCAPE: u8 = 0x1b;

fn extended(code: u8) -> Option<char> {
    let place = EXTENSION_CODES.iter().position(|known| *known == code)?;
    EXTENSION.chars().nth(place)
}

fn gsm7_octets(character: char) -> Vec<u8> {
    if let Some(place) = BASIC.chars().position(|known| known == character) {
        // The escape has its place in the table, but no character.
        let code = if place < ESCAPE.into() { place } else { place + 1 };
        return u8::try_from(code).into_iter().collect();
    }
    let place = EXTENSION.chars().position(|known| known == character);
    place.map_or_else(Vec::new, |place| vec![ESCAPE, EXTENSION_CODES[place]])
}

fn utf16_octets(character: char) -> Vec<u8> {
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units);
    units.iter().flat_map(|unit| unit.to_be_bytes()).collect()
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

    #[test]
    fn the_octets_of_the_alphabet() {
        let octets = |text: &str| split(text).concat();
        assert_eq!(octets("@A_z"), [0x00, 0x41, 0x11, 0x7a]);
        assert_eq!(octets("ΞÆà"), [0x1a, 0x1c, 0x7f]);
        assert_eq!(octets("{€}"), [0x1b, 0x28, 0x1b, 0x65, 0x1b, 0x29]);
        assert_eq!(octets("ł😀"), [0x01, 0x42, 0xd8, 0x3d, 0xde, 0x00]);
        assert_eq!(read_gsm7(&octets(BASIC)), BASIC);
        assert_eq!(read_gsm7(&octets(EXTENSION)), EXTENSION);
        assert_eq!(read_gsm7(&[0x48, 0x69, 0x1b, 0x01, 0x1b]), "Hi  ");
        assert!(split("").is_empty());
    }

    proptest! {
        #[test]
        fn a_text_is_split_as_it_is_counted(text in "(\\PC|[a-z€{}]){0,400}") {
            let (counted, split) = (parts(&text), split(&text));
            prop_assert_eq!(u32::try_from(split.len()).ok(), Some(counted.count));
            let (alone, each) = match counted.encoding {
                Encoding::Gsm7 => (160, 153),
                Encoding::Ucs2 => (140, 134),
            };
            let most = if split.len() > 1 { each } else { alone };
            prop_assert!(split.iter().all(|part| part.len() <= most));
            let said: String = match counted.encoding {
                Encoding::Gsm7 => split.iter().map(|part| read_gsm7(part)).collect(),
                // Each part by itself: no character is torn.
                Encoding::Ucs2 => split.iter().map(|part| {
                    let units: Vec<u16> = part.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
                    String::from_utf16(&units).expect("whole characters")
                }).collect(),
            };
            prop_assert_eq!(said, text);
        }

        #[test]
        fn a_longer_text_never_takes_fewer_parts(text in "\\PC{0,400}", more in "\\PC{0,40}") {
            let longer = format!("{text}{more}");
            prop_assert!(parts(&longer).count >= parts(&text).count);
        }
    }
}
