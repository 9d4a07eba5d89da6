//! Quiet hours: on the clock of the customer, as far as it is known.

use super::App;
use crate::domain::quiet::{Hush, put_off};
use crate::domain::{Case, Step, zones};
use crate::outbound::contacts::{Person, Recipient, Serves};
use domain::{Country, DeliveryId, QuietHours, WorkspaceId};
use fault::{Fault, Kind, Result};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

impl App {
    /// When to send what falls into these hours: within ten minutes after their end. The customer's clock is that of
    /// the zone that contacts-service knows, else of the phone number's country (of all its zones, where it has several), else
    /// `home`, the workspace's.
    pub(crate) async fn quiet_until(
        &self,
        (workspace, case): (&WorkspaceId, &Case),
        (delivery, step): (DeliveryId, Step),
        hours: &[QuietHours],
        (recipient, person): (&Recipient, &Person),
        home: &str,
    ) -> Result<Hush> {
        if hours.is_empty() {
            return Ok(Hush::Over);
        }
        let mut zones = match (&person.zone, recipient) {
            (Some(zone), Recipient::Email(_)) => vec![zone.clone()],
            (None, Recipient::Email(_)) => self.zones_by_phone(workspace, case).await?,
            (_, Recipient::Phone { country, .. }) => zones_of(country, person),
        };
        if zones.is_empty() {
            zones.push(TimeZone::get(home).unwrap_or(TimeZone::UTC));
        }
        let validity = SignedDuration::try_from(self.texts.validity()).map_err(Fault::internal)?;
        Ok(put_off(hours, (delivery, step), &zones, self.now(), validity))
    }

    /// Who is written to by mail may have given a number too.
    async fn zones_by_phone(&self, workspace: &WorkspaceId, case: &Case) -> Result<Vec<TimeZone>> {
        let Some(phone) = case.conversation.phone else {
            return Ok(Vec::new());
        };
        match self.contacts.get_address(workspace, phone.id, Serves::Support).await {
            Ok((Recipient::Phone { country, .. }, person)) => Ok(zones_of(&country, &person)),
            Ok((Recipient::Email(_), _)) => Ok(Vec::new()),
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::PermissionDenied) => Ok(Vec::new()),
            Err(fault) => Err(fault),
        }
    }
}

fn zones_of(country: &Country, person: &Person) -> Vec<TimeZone> {
    match &person.zone {
        Some(zone) => vec![zone.clone()],
        None => zones::zones_of(country),
    }
}
