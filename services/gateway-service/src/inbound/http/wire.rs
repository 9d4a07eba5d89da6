//! Between the services' messages and public JSON.

use domain::Timestamp;
use events::common::MessageKind;
use fault::{Fault, Result};
use serde::Deserialize;
use utoipa::ToSchema;

/// Reads an optional RFC 3339 time.
pub fn instant(field: &str, text: Option<String>) -> Result<Option<Timestamp>> {
    let read = |text: String| {
        text.parse()
            .map_err(|_| Fault::invalid(field, "needs the form 2026-11-21T00:00:00Z"))
    };
    text.map(read).transpose()
}

/// What is charged for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Sms,
    Lms,
    Email,
    Whatsapp,
}

impl From<Kind> for MessageKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Sms => Self::Sms,
            Kind::Lms => Self::Lms,
            Kind::Email => Self::Email,
            Kind::Whatsapp => Self::Whatsapp,
        }
    }
}

/// A kind's word; `None` for unspecified.
pub fn message_kind(kind: i32) -> Option<String> {
    word(
        MessageKind::try_from(kind).unwrap_or_default().as_str_name(),
        "MESSAGE_KIND_",
    )
}

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
