use super::recording::Recording;
use super::replay::Key;
use crate::config::TEXT_VALIDITY;
use crate::domain::quiet::{Hush, put_off};
use crate::domain::{Settings, Step, zones};
use domain::{ConversationId, Country, DeliveryId, Timestamp, WorkspaceId};
use events::event::{DeliveryAccepted, DeliveryAttempting, WorkspaceChanged, WorkspaceCreated};
use fault::Result;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// Long enough to be asked again in vain: the hours leave no time of the day.
const NEVER: SignedDuration = SignedDuration::from_hours(48);

/// On whose clock hours are quiet, as far as the recording tells: that of the country which a text of the conversation
/// went to, else the workspace's last one, else UTC.
#[derive(Default)]
pub(super) struct Clocks {
    countries: HashMap<Key, Country>,
    homes: HashMap<WorkspaceId, (u64, String)>,
}

impl Clocks {
    /// # Errors
    /// A fact that cannot be decoded.
    pub(super) fn of(recording: &Recording) -> Result<Self> {
        let mut clocks = Self::default();
        for recorded in recording.facts() {
            let (fact, workspace) = (&recorded.fact, recorded.fact.workspace().clone());
            if fact.is::<DeliveryAttempting>() {
                let fact: DeliveryAttempting = fact.decode()?;
                clocks.texted(workspace, &fact.conversation, &fact.country)?;
            } else if fact.is::<DeliveryAccepted>() {
                let fact: DeliveryAccepted = fact.decode()?;
                clocks.texted(workspace, &fact.conversation, &fact.country)?;
            } else if fact.is::<WorkspaceCreated>() {
                let fact: WorkspaceCreated = fact.decode()?;
                clocks.lives(workspace, 1, fact.time_zone);
            } else if fact.is::<WorkspaceChanged>() {
                let fact: WorkspaceChanged = fact.decode()?;
                clocks.lives(workspace, fact.version, fact.time_zone);
            }
        }
        Ok(clocks)
    }

    fn texted(&mut self, workspace: WorkspaceId, conversation: &str, country: &str) -> Result<()> {
        if let Ok(country) = Country::parse(country) {
            let key = (workspace, ConversationId::parse(conversation)?);
            self.countries.insert(key, country);
        }
        Ok(())
    }

    fn lives(&mut self, workspace: WorkspaceId, version: u64, zone: String) {
        let known = self.homes.entry(workspace).or_default();
        if known.0 <= version {
            *known = (version, zone);
        }
    }

    /// When to send what falls into quiet hours; `None`: now.
    pub(super) fn quiet_until(
        &self,
        key: &Key,
        settings: &Settings,
        (delivery, step): (DeliveryId, Step),
        now: Timestamp,
    ) -> Option<Timestamp> {
        let hours = settings.quiet_hours(step)?;
        let mut zones = self.countries.get(key).map(zones::zones_of).unwrap_or_default();
        if zones.is_empty() {
            let home = self.homes.get(&key.0).and_then(|(_, zone)| TimeZone::get(zone).ok());
            zones.push(home.unwrap_or(TimeZone::UTC));
        }
        match put_off(&[hours], (delivery, step), &zones, now, TEXT_VALIDITY) {
            Hush::Over => None,
            Hush::Until(end) => Some(end),
            Hush::Always => Some(now + NEVER),
        }
    }
}
