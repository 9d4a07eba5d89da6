//! Quiet hours: on the clock of the customer, as far as it is known.

use super::App;
use crate::domain::quiet::put_off;
use crate::domain::{Case, Step, zones};
use crate::outbound::contacts::{Person, Recipient, Serves};
use domain::{DeliveryId, QuietHours, Timestamp, WorkspaceId};
use fault::{Fault, Kind, Result};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

impl App {
    /// When to send what falls into these hours: within ten minutes after their end. `None`: now. The customer's clock is that of
    /// the zone that contacts-service knows, else of the phone number's country (of all its zones, where it has several), else
    /// `home`, the workspace's.
    pub(crate) async fn quiet_until(
        &self,
        (workspace, case): (&WorkspaceId, &Case),
        (delivery, step): (DeliveryId, Step),
        hours: &[QuietHours],
        (recipient, person): (&Recipient, &Person),
        home: &str,
    ) -> Result<Option<Timestamp>> {
        if hours.is_empty() {
            return Ok(None);
        }
        let mut zones = match (&person.zone, recipient) {
            (Some(zone), _) => vec![zone.clone()],
            (None, Recipient::Phone { country, .. }) => zones::zones_of(country),
            (None, Recipient::Email(_)) => self.zones_by_phone(workspace, case).await?,
        };
        if zones.is_empty() {
            zones.push(TimeZone::get(home).unwrap_or(TimeZone::UTC));
        }
        let validity = SignedDuration::try_from(self.texts.validity()).map_err(Fault::internal)?;
        let ends = hours
            .iter()
            .filter_map(|hours| put_off(*hours, (delivery, step), &zones, self.now(), validity));
        Ok(ends.max())
    }

    /// Who is written to by mail may have given a number too.
    async fn zones_by_phone(&self, workspace: &WorkspaceId, case: &Case) -> Result<Vec<TimeZone>> {
        let Some(phone) = case.conversation.phone else {
            return Ok(Vec::new());
        };
        match self.contacts.get_address(workspace, phone.id, Serves::Support).await {
            Ok((Recipient::Phone { country, .. }, _)) => Ok(zones::zones_of(&country)),
            Ok((Recipient::Email(_), _)) => Ok(Vec::new()),
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::PermissionDenied) => Ok(Vec::new()),
            Err(fault) => Err(fault),
        }
    }
}
