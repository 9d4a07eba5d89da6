use crate::domain::{Policy, Settings};
use domain::{QuietHours, limits};
use fault::{Fault, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is tried: changes of settings by channel id; `*` is every channel without an entry of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Policies(BTreeMap<String, Changes>);

/// Settings of a channel by the names that they have everywhere; what is not named stays as it was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Changes {
    pub follow_up: Option<bool>,
    pub policy: Option<Policy>,
    pub bot_answers_follow_up: Option<bool>,
    pub confirmation_text: Option<bool>,
    pub debounce_ms: Option<u32>,
    pub ceiling_ms: Option<u32>,
    pub escalation_ms: Option<u32>,
    pub unread_mail_ms: Option<u32>,
    pub texts_per_number_per_day: Option<u32>,
    pub mails_per_address_per_day: Option<u32>,
    /// `22:00-08:00`, or nothing for none.
    pub text_quiet_hours: Option<String>,
    pub mail_quiet_hours: Option<String>,
}

impl Policies {
    /// From `{"*": {"debounce_ms": 60000}, "web": {"policy": "email_on_unread"}}`.
    ///
    /// # Errors
    /// Says which name or value is not known.
    pub fn from_json(document: &str) -> Result<Self> {
        serde_json::from_str(document).map_err(|error| Fault::invalid("policy", format!("cannot be read: {error}")))
    }

    /// The settings of a channel as this policy has them.
    pub(super) fn change(&self, channel: &str, recorded: &Settings) -> Result<Settings> {
        let mut settings = recorded.clone();
        // Other channels than web deliver by themselves.
        let others = || self.0.get("*").filter(|_| recorded.web);
        let Some(changes) = self.0.get(channel).or_else(others) else {
            return Ok(settings);
        };
        set(&mut settings.follow_up, changes.follow_up);
        set(&mut settings.policy, changes.policy);
        set(&mut settings.bot_answers, changes.bot_answers_follow_up);
        set(&mut settings.confirmation_text, changes.confirmation_text);
        set(&mut settings.debounce_ms, changes.debounce_ms);
        set(&mut settings.ceiling_ms, changes.ceiling_ms);
        set(&mut settings.escalation_ms, changes.escalation_ms);
        set(&mut settings.unread_mail_ms, changes.unread_mail_ms);
        set(&mut settings.texts_per_number_per_day, changes.texts_per_number_per_day);
        set(
            &mut settings.mails_per_address_per_day,
            changes.mails_per_address_per_day,
        );
        for (slot, field, change) in [
            (
                &mut settings.text_quiet_hours,
                "text_quiet_hours",
                &changes.text_quiet_hours,
            ),
            (
                &mut settings.mail_quiet_hours,
                "mail_quiet_hours",
                &changes.mail_quiet_hours,
            ),
        ] {
            let hours = change.as_deref().map(QuietHours::parse).transpose();
            let hours = hours.map_err(|wrong| {
                Fault::invalid(field, "needs the form 22:00-08:00, at most 12 hours, or nothing").because(wrong)
            })?;
            set(slot, hours);
        }
        match check(&settings, changes) {
            Ok(()) => Ok(settings),
            Err((field, remedy)) => Err(Fault::invalid(field, format!("{remedy} in channel {channel}"))),
        }
    }

    /// Refuses channels that are not among `known`.
    pub(super) fn check_names<'a>(&self, known: impl Iterator<Item = &'a str>) -> Result<()> {
        let known: BTreeSet<&str> = known.chain(["*"]).collect();
        match self.0.keys().find(|name| !known.contains(name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Fault::invalid(
                "policy",
                format!("names channel {name}, which the recording does not tell of"),
            )),
        }
    }
}

fn set<T>(slot: &mut T, change: Option<T>) {
    if let Some(change) = change {
        *slot = change;
    }
}

/// A policy that no channel would take is not worth trying: the field, and what it must be.
fn check(settings: &Settings, changes: &Changes) -> std::result::Result<(), (&'static str, &'static str)> {
    let (least, most) = (settings.debounce_ms, limits::CEILING_MS);
    if settings.debounce_ms > limits::DEBOUNCE_MS {
        return Err(("debounce_ms", "must be 0 to 600,000 ms"));
    }
    if !(least..=most).contains(&settings.ceiling_ms) {
        return Err(("ceiling_ms", "must be at least debounce_ms and at most 3,600,000 ms"));
    }
    for (field, value) in [
        ("escalation_ms", settings.escalation_ms),
        ("unread_mail_ms", settings.unread_mail_ms),
    ] {
        if value > limits::WAIT_MS {
            return Err((field, "must be 0 to 86,400,000 ms"));
        }
    }
    for (field, value) in [
        ("texts_per_number_per_day", changes.texts_per_number_per_day),
        ("mails_per_address_per_day", changes.mails_per_address_per_day),
    ] {
        if value.is_some_and(|value| !limits::SENDS_PER_DAY.contains(&value)) {
            return Err((field, "must be 1 to 100"));
        }
    }
    if !settings.presence_told && settings.policy == Policy::TextThenEmail {
        return Err(("policy", "must be email_on_unread where presence_source is none"));
    }
    Ok(())
}
