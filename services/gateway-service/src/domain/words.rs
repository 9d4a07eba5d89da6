//! From the services' messages to the words of public JSON.

/// RFC 3339; `None` if absent.
pub fn time(at: Option<prost_types::Timestamp>) -> Option<String> {
    events::instant(at).map(|at| at.to_string())
}

/// The empty text means none.
pub fn optional(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// An enum's own name without its prefix, in lower case: `HOLD_STATE_HELD` becomes `held`. `None` for unspecified.
pub fn word(name: &str, prefix: &str) -> Option<String> {
    let word = name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase();
    (word != "unspecified").then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_contracts_own() {
        assert_eq!(word("HOLD_STATE_HELD", "HOLD_STATE_").as_deref(), Some("held"));
        assert_eq!(word("HOLD_STATE_UNSPECIFIED", "HOLD_STATE_"), None);
    }
}
