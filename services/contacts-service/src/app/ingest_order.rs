use super::Contacts;
use super::hand_on_order::HandedOn;
use super::read_order::{Told, customer_field, read_order};
use crate::domain::roles::{FieldGroup, Rights};
use crate::domain::segment::stands;
use crate::domain::{Purpose, Reading, news, step};
use crate::outbound::postgres::purchase::{self, Owner};
use crate::outbound::postgres::purchase_details as details;
use domain::{ContactId, IntegrationId, WorkspaceId};
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
        if !told.order.data.is_empty() {
            rights.must_edit([FieldGroup::Data])?;
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
                let captured = self
                    .capture_contact(workspace, (given, None), channel, Purpose::Support)
                    .await;
                let as_shop = |fault: Fault| match fault.field().map(customer_field) {
                    Some(field) => fault.of(field),
                    None => fault,
                };
                Some(captured.map_err(as_shop)?.contact)
            }
            None => None,
        };
        self.write_order(workspace, integration, &told, captured).await
    }

    /// Writes what a version changes of an order, and hands on to its customer what that means for them.
    async fn write_order(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        told: &Told,
        captured: Option<ContactId>,
    ) -> Result<()> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        // Contacts are locked before their purchases: a merge does the same.
        let owner = match captured {
            Some(contact) => Some(Owner {
                contact,
                survivor: self.lock_survivor(&mut tx, workspace, contact).await?,
            }),
            None => None,
        };
        let holder = match owner {
            Some(owner) => Some(owner.survivor),
            None => self.lock_owner(&mut tx, workspace, told).await?,
        };
        if let Some(owner) = owner {
            let id = self.store.entropy().id();
            purchase::insert(&mut tx, workspace, (id, &told.key), &told.order, owner).await?;
        }
        let Some((id, kept, holds)) = purchase::lock(&mut tx, workspace, &told.key).await? else {
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
        let before = details::said(&mut tx, workspace, id).await?;
        let news = news(&before, &told.order);
        details::keep_said(&mut tx, workspace, id, &news).await?;
        // What an older version says of somebody else stays with the order.
        if let Some(holder) = holder.filter(|holder| step.contact || *holder == holds) {
            // Once for each order: whoever is set back to a lead stays one while it goes on.
            let is_customer = owner.is_some() && kept.version == told.order.version && stands(told.order.status);
            let handed = HandedOn::of(is_customer, (before, news), holder == holds);
            self.hand_on_order(&mut tx, workspace, holder, (now, integration), &handed)
                .await?;
        }
        tx.commit().await
    }

    /// Whose an order is that names nobody this time and tells custom values, locked until the transaction ends.
    async fn lock_owner(&self, tx: &mut Tx, workspace: &WorkspaceId, told: &Told) -> Result<Option<ContactId>> {
        match purchase::owner(tx, workspace, &told.key).await? {
            Some(owner) if !told.order.data.is_empty() => self.lock_survivor(tx, workspace, owner).await.map(Some),
            _ => Ok(None),
        }
    }
}

fn differs() -> Fault {
    let remedy = "was told of before with other content; a changed order needs a higher version";
    Fault::new(&codes::REPLAY_DIFFERS, remedy).of("data.version")
}
