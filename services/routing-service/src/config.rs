use fault::{Fault, Result};
use jiff::SignedDuration;

runtime::settings! {
    /// Where routing finds what others own, and its limits.
    pub struct Config {
        /// conversation-service, http://host:port.
        "HOMING_CONVERSATION_URL" conversation_url: String = required;
        /// Agents or requests on a page when the caller names no number; 1 to 500.
        "HOMING_ROUTING_PAGE_SIZE" page_size: u32 = "100";
        /// Days for which requests that are done are kept, with their history. 1 to 36500.
        "HOMING_ROUTING_RETENTION_DAYS" retention_days: u32 = "90";
    }
}

/// Days.
const LONGEST_RETENTION: u32 = 36_500;

impl Config {
    /// How long requests that are done are kept.
    pub(crate) fn retention(&self) -> Result<SignedDuration> {
        if !(1..=LONGEST_RETENTION).contains(&self.retention_days) {
            return Err(Fault::invalid("HOMING_ROUTING_RETENTION_DAYS", "must be 1 to 36500"));
        }
        Ok(SignedDuration::from_hours(24 * i64::from(self.retention_days)))
    }
}
