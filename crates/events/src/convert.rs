//! Between generated enums and domain words. Unspecified and unknown numbers become `None`: the caller names the field.

use crate::common;
use domain::{AuthorRole, PresenceCause, PresenceState, Timestamp};

/// To the wire's timestamp.
pub fn stamp(at: Timestamp) -> prost_types::Timestamp {
    let (mut seconds, mut nanos) = (at.as_second(), at.subsec_nanosecond());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    prost_types::Timestamp { seconds, nanos }
}

/// From the wire's timestamp; `None` if absent or out of range.
pub fn instant(at: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok())
}

/// The author of a message; `None` for unspecified.
pub fn role(number: i32) -> Option<AuthorRole> {
    match common::AuthorRole::try_from(number).ok()? {
        common::AuthorRole::Unspecified => None,
        common::AuthorRole::Customer => Some(AuthorRole::Customer),
        common::AuthorRole::Agent => Some(AuthorRole::Agent),
        common::AuthorRole::Bot => Some(AuthorRole::Bot),
        common::AuthorRole::System => Some(AuthorRole::System),
    }
}

impl From<AuthorRole> for common::AuthorRole {
    fn from(role: AuthorRole) -> Self {
        match role {
            AuthorRole::Customer => Self::Customer,
            AuthorRole::Agent => Self::Agent,
            AuthorRole::Bot => Self::Bot,
            AuthorRole::System => Self::System,
        }
    }
}

impl From<PresenceState> for common::PresenceState {
    fn from(state: PresenceState) -> Self {
        match state {
            PresenceState::Online => Self::Online,
            PresenceState::Offline => Self::Offline,
            PresenceState::Unknown => Self::Unknown,
        }
    }
}

impl common::PresenceState {
    /// `None` for unspecified.
    pub fn known(self) -> Option<PresenceState> {
        match self {
            Self::Unspecified => None,
            Self::Online => Some(PresenceState::Online),
            Self::Offline => Some(PresenceState::Offline),
            Self::Unknown => Some(PresenceState::Unknown),
        }
    }
}

impl From<PresenceCause> for common::PresenceCause {
    fn from(cause: PresenceCause) -> Self {
        match cause {
            PresenceCause::Returned => Self::Returned,
            PresenceCause::Left => Self::Left,
            PresenceCause::Idle => Self::Idle,
            PresenceCause::Hidden => Self::Hidden,
            PresenceCause::ConnectionLost => Self::ConnectionLost,
            PresenceCause::GatewayLost => Self::GatewayLost,
        }
    }
}

impl common::PresenceCause {
    /// `None` for unspecified.
    pub fn known(self) -> Option<PresenceCause> {
        match self {
            Self::Unspecified => None,
            Self::Returned => Some(PresenceCause::Returned),
            Self::Left => Some(PresenceCause::Left),
            Self::Idle => Some(PresenceCause::Idle),
            Self::Hidden => Some(PresenceCause::Hidden),
            Self::ConnectionLost => Some(PresenceCause::ConnectionLost),
            Self::GatewayLost => Some(PresenceCause::GatewayLost),
        }
    }
}
