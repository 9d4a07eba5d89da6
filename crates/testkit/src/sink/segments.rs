//! How many parts a provider bills for a text: counted here on its own, so that tests can compare.

/// The GSM 03.38 basic alphabet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension: two septets each.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// The number of parts: 160 or 153 septets, 70 or 67 UTF-16 units; a character is never cut in two.
pub(super) fn segments(text: &str) -> u32 {
    let septets: Option<Vec<usize>> = text
        .chars()
        .map(|c| {
            if BASIC.contains(c) {
                Some(1)
            } else {
                EXTENDED.contains(c).then_some(2)
            }
        })
        .collect();
    match septets {
        Some(widths) => parts(&widths, 160, 153),
        None => parts(&text.chars().map(char::len_utf16).collect::<Vec<_>>(), 70, 67),
    }
}

/// Whether a text has characters that GSM 03.38 lacks.
pub(super) fn is_ucs2(text: &str) -> bool {
    !text.chars().all(|c| BASIC.contains(c) || EXTENDED.contains(c))
}

fn parts(widths: &[usize], alone: usize, joined: usize) -> u32 {
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut parts, mut used) = (1, 0);
    for width in widths {
        if used + width > joined {
            parts += 1;
            used = 0;
        }
        used += width;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::segments;

    #[test]
    fn boundaries() {
        assert_eq!(segments(""), 1);
        assert_eq!(segments(&"a".repeat(160)), 1);
        assert_eq!(segments(&"a".repeat(161)), 2);
        assert_eq!(segments(&"€".repeat(80)), 1);
        assert_eq!(segments(&"€".repeat(81)), 2, "an escape is never cut: 76 + 5");
        assert_eq!(segments(&"ł".repeat(70)), 1);
        assert_eq!(segments(&"ł".repeat(71)), 2);
        assert_eq!(segments(&"😀".repeat(36)), 2);
    }
}
