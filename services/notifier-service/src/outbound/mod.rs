//! How the service reaches what it does not own.

pub mod billing;
pub mod contacts;
pub mod conversation;
pub mod dkim;
pub mod mail_smtp;
pub mod postgres;
pub mod presence;
pub mod routing;
pub mod smpp;
pub mod sms_aligo;
pub mod sms_kannel;
pub mod sms_twilio;
pub mod text_providers;

use fault::{Code, Fault, Result};
use std::time::Duration;

/// What became of a provider call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Accepted {
        provider_id: Option<String>,
    },
    /// It is proved that nothing was taken.
    Refused {
        code: &'static Code,
        /// The same message may be taken later.
        again: bool,
    },
    /// The answer was lost: it may have been taken.
    Unknown {
        code: &'static Code,
    },
}

impl Outcome {
    /// The word as shown.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// A client for a provider's API: it follows nobody elsewhere, and a call takes no longer than `timeout`.
fn http_client(timeout: Duration) -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(Fault::internal)
}
