//! Settings of this service; those that every service has are in `runtime`.

use crate::app::Senders;
use fault::{Fault, Result};
use jiff::SignedDuration;
use runtime::{Millis, Secret, Setting};

runtime::settings! {
    /// Settings of conversation-service.
    pub struct Config {
        /// contacts-service, which keeps what customers give.
        "HOMING_CONTACTS_URL" contacts_url: String = required;
        /// Writers of ingested events; each holds one database connection while it writes.
        "HOMING_CONVERSATION_INGEST_WRITERS" ingest_writers: u32 = "2";
        /// One replica takes events from NATS; if it does not renew for this long, another one goes on. The time is the
        /// database's.
        "HOMING_CONVERSATION_INGEST_LEASE_MS" ingest_lease: Millis = "5000";
        /// How long an event from NATS may name a conversation or a message that nobody knows yet; then it is a dead letter.
        "HOMING_CONVERSATION_REFERENCE_WAIT_MS" reference_wait: Millis = "3600000";
        /// How long after a message a form comes by itself to who gave no address.
        "HOMING_CONVERSATION_FORM_AFTER_MS" form_after: Millis = "5000";
        /// Days for which runs of workflows that have ended are kept. 1 to 36500.
        "HOMING_CONVERSATION_RUN_RETENTION_DAYS" run_retention_days: u32 = "90";
        /// Which senders of texts a channel may name as its text_from: those that an operator assigned to its workspace, or any,
        /// where all workspaces of a deployment trust each other.
        "HOMING_CONVERSATION_SENDERS" senders: Senders = "assigned";
        /// Whether integrations may have the scope facts. Those who read facts share nats-server's account with the services, and the
        /// server answers them at any subject that they name: switch it on only where all of them are trusted like a service.
        "HOMING_CONVERSATION_FACTS_SCOPE" facts_scope: bool = "false";
        /// Seed of the NATS account key (SA...) that signs integrations' logins. Empty: integrations cannot log in.
        "HOMING_CONVERSATION_NATS_ISSUER_SEED" nats_issuer_seed: Option<Secret> = "";
        /// NATS account that integrations are signed into.
        "HOMING_CONVERSATION_NATS_ACCOUNT" nats_account: String = "$G";
    }
}

/// Days.
const LONGEST_RETENTION: u32 = 36_500;

impl Config {
    /// How long runs of workflows that have ended are kept.
    pub(crate) fn run_retention(&self) -> Result<SignedDuration> {
        if !(1..=LONGEST_RETENTION).contains(&self.run_retention_days) {
            return Err(Fault::invalid(
                "HOMING_CONVERSATION_RUN_RETENTION_DAYS",
                "must be 1 to 36500",
            ));
        }
        Ok(SignedDuration::from_hours(24 * i64::from(self.run_retention_days)))
    }
}

impl Setting for Senders {
    const FORM: &'static str = "assigned or any";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "assigned" => Some(Self::Assigned),
            "any" => Some(Self::Any),
            _ => None,
        }
    }
}
