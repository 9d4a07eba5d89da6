use super::write_fields::write_fields;
use super::{Contacts, denied};
use crate::domain::{DATA, Edit, Purpose, Said, Stage, handed_on};
use crate::outbound::postgres::contact;
use domain::{ContactId, IntegrationId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

/// What an order means for its customer.
#[derive(Debug)]
pub(super) struct HandedOn {
    is_customer: bool,
    /// What it said of them before, as far as they were given it.
    before: Said,
    said: Said,
}

impl HandedOn {
    /// Whom the order was given only now is given all that it ever said.
    pub(super) fn of(is_customer: bool, (before, news): (Said, Said), has_it: bool) -> Self {
        let (before, said) = match has_it {
            true => (before, news),
            false => (Said::new(), before.into_iter().chain(news).collect()),
        };
        Self {
            is_customer,
            before,
            said,
        }
    }
}

impl Contacts {
    /// Who buys is a customer, and has the custom values that the order tells as far as they are gaps; in the shop's name.
    pub(super) async fn hand_on_order(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        contact: ContactId,
        (at, by): (Timestamp, &IntegrationId),
        handed: &HandedOn,
    ) -> Result<()> {
        let missing = || Fault::not_found("contact");
        let stored = contact::find(tx, workspace, contact).await?.ok_or_else(missing)?;
        let present = stored.fields(Purpose::Support).map_err(denied)?;
        let room = DATA.saturating_sub(present.data.len());
        let edit = Edit {
            stage: handed.is_customer.then_some(Stage::Customer),
            data: handed_on(&handed.before, &handed.said, &present.data, room),
            ..Edit::default()
        };
        let (next, changes) = present.edit(&edit)?;
        if changes.is_empty() {
            return Ok(());
        }
        let written = write_fields(tx, workspace, contact, (&next, changes), (at, by.as_str()));
        written.await.map(drop)
    }
}
