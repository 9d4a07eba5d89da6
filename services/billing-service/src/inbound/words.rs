//! Between wire words and domain words.

use crate::domain::{HoldState, Kind};
use domain::{Country, Invalid};
use events::common::MessageKind;
use rpc::billing;

impl From<Kind> for MessageKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Sms => Self::Sms,
            Kind::Lms => Self::Lms,
            Kind::Email => Self::Email,
        }
    }
}

/// Reads a kind; unspecified and unknown ones are refused.
pub fn kind(number: i32) -> Result<Kind, Invalid> {
    match MessageKind::try_from(number) {
        Ok(MessageKind::Sms) => Ok(Kind::Sms),
        Ok(MessageKind::Lms) => Ok(Kind::Lms),
        Ok(MessageKind::Email) => Ok(Kind::Email),
        Ok(MessageKind::Unspecified) | Err(_) => Err(Invalid::new("kind", "must be SMS, LMS or EMAIL")),
    }
}

/// Reads a country where the empty string means 'none'.
pub fn country(code: &str) -> Result<Option<Country>, Invalid> {
    match code {
        "" => Ok(None),
        code => Country::parse(code).map(Some),
    }
}

/// `None` (not covered) has a word of its own on the wire.
pub fn hold_state(state: Option<HoldState>) -> billing::HoldState {
    match state {
        None => billing::HoldState::NotCovered,
        Some(HoldState::Noted) => billing::HoldState::Unspecified,
        Some(HoldState::Held) => billing::HoldState::Held,
        Some(HoldState::Captured) => billing::HoldState::Captured,
        Some(HoldState::Released) => billing::HoldState::Released,
        Some(HoldState::Expired) => billing::HoldState::Expired,
    }
}
