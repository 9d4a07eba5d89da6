use super::Contacts;
use crate::domain::{
    AddressKind, AddressValue, CapturedValue, ChannelProfile, ContactChange, Field, FieldChange, Found, Given,
    NameStep, Plan, Purpose, Reading, Target, plan,
};
use crate::outbound::postgres::{address, captured, change, channel_profile, conflict, contact};
use domain::{AddressId, ContactId, PersonName, Timestamp, WorkspaceId};
use fault::{Fault, Kind, Result, codes};
use store::Tx;

/// Where given data are kept now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Captured {
    pub contact: ContactId,
    pub phone: Option<AddressId>,
    pub email: Option<AddressId>,
    pub page: Option<AddressId>,
}

/// A capture loses a race only to another one that stores the same address, which the next try then finds.
const TRIES: usize = 5;
/// Who changed a contact whose missing name was given.
const CUSTOMER: &str = "customer";

impl Contacts {
    /// Stores what a customer gave, where, and that it was given for `purpose`; and what the channel tells of them.
    pub async fn capture_contact(
        &self,
        workspace: &WorkspaceId,
        (given, profile): (&Given, Option<&ChannelProfile>),
        channel: Option<&str>,
        purpose: Purpose,
    ) -> Result<Captured> {
        for _ in 0..TRIES {
            let told = (given, profile);
            match self.try_capture(workspace, told, channel, purpose).await {
                Ok(Some(captured)) => return Ok(captured),
                Ok(None) => {}
                Err(fault) if fault.kind() == Kind::Conflict => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::new(
            &codes::CONFLICT,
            "the same address is being stored elsewhere; try again",
        ))
    }

    /// `None`: another capture stored one of the addresses meanwhile.
    async fn try_capture(
        &self,
        workspace: &WorkspaceId,
        (given, profile): (&Given, Option<&ChannelProfile>),
        channel: Option<&str>,
        purpose: Purpose,
    ) -> Result<Option<Captured>> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let found = address::lock_owners(&mut tx, workspace, given).await?;
        let plan = plan(given, &found);
        let contact = self.settle_contact(&mut tx, workspace, &plan, channel, now).await?;
        // The phone always comes first: two captures of the same pair cannot wait for each other.
        let values = [
            (given.phone_value(), found.phone),
            (given.email_value(), found.email),
            (given.page_value(), found.page),
        ];
        let (mut kept, mut what) = ([None; 3], vec![]);
        for ((value, found), kept) in values.into_iter().zip(&mut kept) {
            let owner = found.as_ref().map_or(contact, |found| found.contact);
            match self
                .settle_address(&mut tx, workspace, contact, value, found, now)
                .await?
            {
                Some(address) => *kept = address,
                None => return Ok(None),
            }
            what.extend(kept.map(|address| (owner, CapturedValue::Address(address))));
        }
        let [phone, email, page] = kept;
        let addresses: Vec<AddressId> = kept.into_iter().flatten().collect();
        address::give_purpose(&mut tx, workspace, &addresses, purpose, now).await?;
        what.extend(given.name.clone().map(|name| (contact, CapturedValue::Name(name))));
        let what: Vec<_> = what
            .into_iter()
            .map(|(owner, value)| (self.store.entropy().id(), owner, value))
            .collect();
        captured::keep(&mut tx, workspace, &what, channel, now).await?;
        if let Some(profile) = profile {
            let of = match profile.of {
                AddressKind::Phone => phone,
                AddressKind::Email => email,
                AddressKind::PageScoped | AddressKind::External => page,
            };
            if let Some(of) = of {
                channel_profile::keep(&mut tx, workspace, of, profile, now).await?;
            }
        }
        tx.commit().await?;
        Ok(Some(Captured {
            contact,
            phone,
            email,
            page,
        }))
    }

    /// Makes the contact if it is new, fills in a missing name, and keeps conflicts for a person.
    async fn settle_contact(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        plan: &Plan,
        channel: Option<&str>,
        now: Timestamp,
    ) -> Result<ContactId> {
        let name = match &plan.name {
            NameStep::Nothing => None,
            NameStep::Fill(name) => Some(name),
        };
        let id = match plan.target {
            Target::Known(id) => {
                if let Some(name) = name {
                    fill_name(tx, workspace, id, name, now).await?;
                }
                id
            }
            Target::New => {
                let id = ContactId::generate(self.store.entropy());
                contact::insert(tx, workspace, id, name, channel, now).await?;
                id
            }
        };
        let conflicts = plan.conflicts.iter();
        let conflicts: Vec<_> = conflicts
            .map(|conflict| (self.store.entropy().id(), id, conflict.clone()))
            .collect();
        conflict::keep(tx, workspace, &conflicts, now).await?;
        Ok(id)
    }

    /// The address as it is stored, or stored now. Outer `None`: another capture was faster.
    async fn settle_address(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        contact: ContactId,
        value: Option<AddressValue>,
        found: Option<Found>,
        now: Timestamp,
    ) -> Result<Option<Option<AddressId>>> {
        match (value, found) {
            (_, Some(found)) => Ok(Some(Some(found.address))),
            (None, None) => Ok(Some(None)),
            (Some(value), None) => {
                let id = AddressId::generate(self.store.entropy());
                let stored = address::insert(tx, workspace, id, contact, &value, now).await?;
                Ok(stored.then_some(Some(id)))
            }
        }
    }
}

/// Gives the contact a name if it has none, and notes that.
async fn fill_name(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ContactId,
    name: &PersonName,
    now: Timestamp,
) -> Result<()> {
    let Some(version) = contact::fill_name(tx, workspace, id, name).await? else {
        return Ok(());
    };
    let filled = ContactChange {
        version,
        at: now,
        by: CUSTOMER.to_owned(),
        fields: vec![FieldChange::new(Field::Name, None, Some(name.expose().to_owned()))],
    };
    change::insert(tx, workspace, id, &filled).await
}
