use super::Contacts;
use super::merge_contacts::seen;
use crate::domain::identity::{Identity, IdentityKey, Known, Settled, settle, verify};
use crate::domain::{
    AddressKind, AddressValue, CapturedValue, Conflict, Contact, ContactChange, Field, FieldChange, Purpose, Reading,
};
use crate::outbound::postgres::{address, captured, change, conflict, contact, identity_key, import, merge};
use domain::{AddressId, ContactId, PersonName, Timestamp, WorkspaceId};
use fault::{Fault, Kind, Result, codes};
use std::collections::HashMap;
use store::Tx;

/// Another one may store the same addresses meanwhile; the next try finds them.
const TRIES: usize = 5;
/// Who merged what a token proved to be one, and who filled in a name.
const BY: &str = "identity";

type Owners = HashMap<(AddressKind, String), (AddressId, ContactId)>;

impl Contacts {
    /// Takes the word of the workspace's own site for who a person is: the contact has the external id and the proved addresses of
    /// the token that nobody else has, and contacts that have proved addresses alone go into it. Others that have some, and `present`,
    /// the contact of who presents the token, are left to a person. The same again changes nothing.
    pub async fn identify_contact(
        &self,
        workspace: &WorkspaceId,
        token: &str,
        present: Option<ContactId>,
    ) -> Result<Contact> {
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let keys = identity_key::list(&mut tx, workspace).await?;
        tx.commit().await?;
        let keys: Vec<IdentityKey> = keys.into_iter().map(|(key, ..)| key).collect();
        let identity = verify(token, &keys, workspace, self.now());
        let identity = identity.map_err(|wrong| Fault::new(&codes::UNAUTHENTICATED, wrong.remedy).of(wrong.field))?;
        for _ in 0..TRIES {
            match self.try_identify(workspace, &identity, present).await {
                Ok(Some((contact, merges))) => return self.make_one(workspace, (contact, &merges), &identity).await,
                Ok(None) => {}
                Err(fault) if fault.kind() == Kind::Conflict => {}
                Err(fault) => return Err(fault),
            }
        }
        let remedy = "the same addresses are being stored elsewhere; try again";
        Err(Fault::new(&codes::CONFLICT, remedy))
    }

    /// The contact of the identity, and who goes into it. `None`: somebody stored one of the addresses meanwhile.
    async fn try_identify(
        &self,
        workspace: &WorkspaceId,
        identity: &Identity,
        present: Option<ContactId>,
    ) -> Result<Option<(ContactId, Vec<ContactId>)>> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let external = (AddressValue::External(identity.external.clone()), true);
        let all: Vec<(AddressValue, bool)> = std::iter::once(external).chain(identity.addresses.clone()).collect();
        let values: Vec<AddressValue> = all.iter().map(|(value, _)| value.clone()).collect();
        let present = match present {
            Some(present) => Some(self.survivor(&mut tx, workspace, present).await?),
            None => None,
        };
        let owners = import::lock_owners(&mut tx, workspace, &values).await?;
        let known = self.known(&mut tx, workspace, (&owners, &all), present).await?;
        let settled = settle(&known);
        let Settled {
            contact,
            merges,
            conflicts,
        } = settled;
        let contact = match contact {
            Some(contact) => self.lock_survivor(&mut tx, workspace, contact).await?,
            None => {
                let id = ContactId::generate(self.store.entropy());
                contact::insert(&mut tx, workspace, id, None, None, now).await?;
                id
            }
        };
        if !self
            .store_addresses(&mut tx, workspace, contact, (&owners, &all), now)
            .await?
        {
            return Ok(None);
        }
        let mut kept: Vec<Conflict> = conflicts.into_iter().map(Conflict::OtherContact).collect();
        if let Some(name) = &identity.name {
            kept.extend(name_it(&mut tx, workspace, contact, name, now).await?);
        }
        let kept: Vec<_> = kept
            .into_iter()
            .map(|kept| (self.store.entropy().id(), contact, kept))
            .collect();
        conflict::keep(&mut tx, workspace, &kept, now).await?;
        tx.commit().await?;
        Ok(Some((contact, merges)))
    }

    /// Stores what is proved and not stored, for support; false where somebody stored one meanwhile. What is only named is kept
    /// nowhere: anybody may have typed it at the site.
    async fn store_addresses(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        contact: ContactId,
        (owners, all): (&Owners, &[(AddressValue, bool)]),
        now: Timestamp,
    ) -> Result<bool> {
        let (mut new, mut given, mut told) = (vec![], vec![], vec![]);
        for (value, _) in all.iter().filter(|(_, is_proved)| *is_proved) {
            let known = owners.get(&(value.kind(), value.normalised()));
            let (id, owner) = known
                .copied()
                .unwrap_or_else(|| (AddressId::generate(self.store.entropy()), contact));
            if known.is_none() {
                new.push((id, contact, value.clone()));
            }
            given.push(id);
            told.push((self.store.entropy().id(), owner, CapturedValue::Address(id)));
        }
        if !import::insert_addresses(tx, workspace, &new, now).await? {
            return Ok(false);
        }
        address::give_purpose(tx, workspace, &given, Purpose::Support, now).await?;
        address::verify(tx, workspace, contact, &given).await?;
        captured::keep(tx, workspace, &told, None, now).await?;
        Ok(true)
    }

    /// Merges one after the other; what is too much for one contact, or was merged elsewhere meanwhile, is left to a person.
    /// What came with them is proved then.
    async fn make_one(
        &self,
        workspace: &WorkspaceId,
        (contact, merges): (ContactId, &[ContactId]),
        identity: &Identity,
    ) -> Result<Contact> {
        for other in merges {
            match self.merge_contacts(workspace, contact, *other, BY).await {
                Ok(_) => {}
                Err(fault) if [Kind::InvalidArgument, Kind::Conflict].contains(&fault.kind()) => {
                    let mut tx = self.begin(workspace, Reading::Upkeep).await?;
                    let kept = (self.store.entropy().id(), contact, Conflict::OtherContact(*other));
                    conflict::keep(&mut tx, workspace, &[kept], self.now()).await?;
                    tx.commit().await?;
                }
                Err(fault) => return Err(fault),
            }
        }
        if !merges.is_empty() {
            let proved = identity.addresses.iter().filter(|(_, is_proved)| *is_proved);
            let values: Vec<AddressValue> = proved.map(|(value, _)| value.clone()).collect();
            let mut tx = self.begin(workspace, Reading::Upkeep).await?;
            let owners = import::lock_owners(&mut tx, workspace, &values).await?;
            let ids: Vec<AddressId> = owners.values().map(|(id, _)| *id).collect();
            address::verify(&mut tx, workspace, contact, &ids).await?;
            tx.commit().await?;
        }
        let mut tx = self.begin(workspace, Reading::For(Purpose::Support)).await?;
        let contact = self.survivor(&mut tx, workspace, contact).await?;
        seen(contact::find(&mut tx, workspace, contact).await?, "contact").map(|(contact, _)| contact)
    }

    /// Who is known of those whom the token names.
    async fn known(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        (owners, all): (&Owners, &[(AddressValue, bool)]),
        present: Option<ContactId>,
    ) -> Result<Known> {
        let owner = |value: &AddressValue| owners.get(&(value.kind(), value.normalised())).copied();
        let external = all.iter().find(|(value, _)| value.kind() == AddressKind::External);
        let external = external.and_then(|(value, _)| owner(value)).map(|(_, contact)| contact);
        let reached = all.iter().filter(|(value, _)| value.kind() != AddressKind::External);
        let (mut proved, mut of_proved, mut named) = (vec![], vec![], Vec::from_iter(present));
        for (value, is_proved) in reached {
            match (owner(value), is_proved) {
                (Some((id, contact)), true) => {
                    of_proved.push(id);
                    proved.push(contact);
                }
                (Some((_, contact)), false) => named.push(contact),
                (None, _) => {}
            }
        }
        let otherwise = address::reached_otherwise(tx, workspace, &proved, &of_proved).await?;
        named.extend(proved.iter().filter(|contact| otherwise.contains(contact)));
        proved.retain(|contact| !otherwise.contains(contact));
        named.retain(|contact| !proved.contains(contact));
        let everybody: Vec<ContactId> = external.iter().chain(&proved).chain(&named).copied().collect();
        Ok(Known {
            external,
            identified: address::identified(tx, workspace, &everybody).await?,
            parted: parted(tx, workspace, &everybody).await?,
            proved,
            named,
        })
    }
}

/// Pairs of these contacts of which a person undid a merge, also one of those that went into them since.
async fn parted(tx: &mut Tx, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<Vec<(ContactId, ContactId)>> {
    let mut part_of = HashMap::new();
    for contact in contacts {
        let members = merge::members(tx, workspace, *contact).await?;
        part_of.extend(members.into_iter().map(|member| (member, *contact)));
    }
    let members: Vec<ContactId> = part_of.keys().copied().collect();
    let pairs = merge::parted(tx, workspace, &members).await?;
    let whole = |member: &ContactId| part_of.get(member).copied().unwrap_or(*member);
    Ok(pairs.iter().map(|(one, other)| (whole(one), whole(other))).collect())
}

/// Gives a contact its name if it has none; another one is for a person to settle.
async fn name_it(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ContactId,
    name: &PersonName,
    now: Timestamp,
) -> Result<Option<Conflict>> {
    if let Some(version) = contact::fill_name(tx, workspace, id, name).await? {
        let filled = ContactChange {
            version,
            at: now,
            by: BY.to_owned(),
            fields: vec![FieldChange::new(Field::Name, None, Some(name.expose().to_owned()))],
        };
        change::insert(tx, workspace, id, &filled).await?;
        return Ok(None);
    }
    let present = contact::find(tx, workspace, id).await?.and_then(|stored| stored.name);
    Ok((present.as_ref() != Some(name)).then(|| Conflict::Name(name.clone())))
}
