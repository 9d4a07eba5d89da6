use super::read_order::{customer_field, read_order};
use super::write_fields::write_fields;
use super::{Contacts, denied};
use crate::domain::roles::{FieldGroup, Rights};
use crate::domain::segment::stands;
use crate::domain::{Edit, Purpose, Reading, Stage, step};
use crate::outbound::postgres::contact;
use crate::outbound::postgres::purchase::{self, Owner};
use domain::{ContactId, IntegrationId, Timestamp, WorkspaceId};
use events::cloudevent::{IngestEvent, OrderData};
use fault::{Fault, Result, codes};
use store::Tx;

impl Contacts {
    /// Takes what a shop tells of an order, as far as it may change what it tells. Its customer is captured first, as from any other channel; then the order is
    /// theirs, as its highest version says. The same again changes nothing.
    pub async fn ingest_order(
        &self,
        workspace: &WorkspaceId,
        (integration, rights): (&IntegrationId, &Rights),
        event: IngestEvent<OrderData>,
    ) -> Result<()> {
        let now = self.now();
        rights.must_edit([FieldGroup::Purchases])?;
        let told = read_order(integration, event, now)?;
        if let Some(given) = &told.given {
            rights.check_given(given)?;
        }
        // What was told of before captures nobody again, and neither does what is refused.
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let before = purchase::digest(&mut tx, workspace, &told.key, told.order.version).await?;
        tx.commit().await?;
        match before {
            Some(before) if before == told.digest => return Ok(()),
            Some(_) => return Err(differs()),
            None => {}
        }
        let captured = match &told.given {
            Some(given) => {
                let channel = told.order.channel.as_deref();
                let captured = self.capture_contact(workspace, given, channel, Purpose::Support).await;
                let as_shop = |fault: Fault| match fault.field().map(customer_field) {
                    Some(field) => fault.of(field),
                    None => fault,
                };
                Some(captured.map_err(as_shop)?.contact)
            }
            None => None,
        };
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        // Contacts are locked before their purchases: a merge does the same.
        let owner = match captured {
            Some(contact) => Some(Owner {
                contact,
                survivor: self.lock_survivor(&mut tx, workspace, contact).await?,
            }),
            None => None,
        };
        if let Some(owner) = owner {
            let id = self.store.entropy().id();
            purchase::insert(&mut tx, workspace, (id, &told.key), &told.order, owner).await?;
        }
        let Some((id, kept)) = purchase::lock(&mut tx, workspace, &told.key).await? else {
            let remedy = "is of an order that is not known (yet), and says neither the phone number nor the e-mail address \
                          of its customer";
            return Err(Fault::new(&codes::REFERENCE_UNKNOWN, remedy).of("data.customer"));
        };
        match purchase::note_version(&mut tx, workspace, id, (&told.order, &told.digest), now).await? {
            None => {}
            Some(before) if before == told.digest => return Ok(()),
            Some(_) => return Err(differs()),
        }
        // Of a new order both are this version: it is written as it was inserted.
        let step = step(kept, told.order.version, owner.is_some());
        if step.content || kept.version == told.order.version {
            purchase::write(&mut tx, workspace, id, &told.order).await?;
        }
        if let (true, Some(owner)) = (step.contact, owner) {
            purchase::give(&mut tx, workspace, id, told.order.version, owner).await?;
        }
        // Once for each order: whoever is set back to a lead stays one while it goes on.
        if let (true, Some(owner)) = (kept.version == told.order.version && stands(told.order.status), owner) {
            self.make_customer(&mut tx, workspace, owner.survivor, (now, integration))
                .await?;
        }
        tx.commit().await
    }

    /// Who buys is a customer; one that is already stays as it is.
    async fn make_customer(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        contact: ContactId,
        (at, by): (Timestamp, &IntegrationId),
    ) -> Result<()> {
        let missing = || Fault::not_found("contact");
        let stored = contact::find(tx, workspace, contact).await?.ok_or_else(missing)?;
        let present = stored.fields(Purpose::Support).map_err(denied)?;
        let edit = Edit {
            stage: Some(Stage::Customer),
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

fn differs() -> Fault {
    let remedy = "was told of before with other content; a changed order needs a higher version";
    Fault::new(&codes::REPLAY_DIFFERS, remedy).of("data.version")
}
