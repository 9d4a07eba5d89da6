//! Between the services' messages and public JSON.

pub use crate::domain::words::{optional, time, word};
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
