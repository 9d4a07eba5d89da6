use super::{Address, Bound, FieldChange, Fields, Profile, Purpose, PurposeDenied, Zone};
use domain::{AddressId, ContactId, PersonName, Timestamp};
use uuid::Uuid;

/// A person, as far as a purpose may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub name: Option<PersonName>,
    /// Those given for the purpose; never empty.
    pub addresses: Vec<Address>,
    /// Grows by one with each change.
    pub version: u64,
    pub created_at: Timestamp,
    /// Absent where the purpose may not see it.
    pub profile: Option<Profile>,
}

/// A stored person, not yet released for any purpose.
#[derive(Debug, Clone)]
pub struct StoredContact {
    pub id: ContactId,
    pub name: Option<PersonName>,
    pub addresses: Vec<Bound<Address>>,
    pub version: u64,
    pub created_at: Timestamp,
    pub profile: Bound<Profile>,
}

impl StoredContact {
    /// The person and the addresses given for this purpose. Denied where there are none: the name goes with them.
    pub fn release(self, purpose: Purpose) -> Result<Contact, PurposeDenied> {
        let addresses: Vec<Address> = self
            .addresses
            .into_iter()
            .filter_map(|address| address.release(purpose).ok())
            .collect();
        if addresses.is_empty() {
            return Err(PurposeDenied);
        }
        Ok(Contact {
            id: self.id,
            name: self.name,
            addresses,
            version: self.version,
            created_at: self.created_at,
            profile: self.profile.release(purpose).ok(),
        })
    }
}

impl StoredContact {
    /// The person's fields, also of one that went into another contact and has no address now.
    pub fn fields(self, purpose: Purpose) -> Result<Fields, PurposeDenied> {
        Ok(Fields::new(self.name, self.profile.release(purpose)?))
    }
}

/// What whoever may use an address may know of the person it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub name: Option<PersonName>,
    pub time_zone: Option<Zone>,
}

/// What a person gave in a channel, the first time they gave it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub what: CapturedValue,
    /// If somebody said.
    pub channel: Option<String>,
    pub at: Timestamp,
}

/// An address or a name that a person gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CapturedValue {
    Address(AddressId),
    Name(PersonName),
}

/// One change of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactChange {
    /// The contact's version after it.
    pub version: u64,
    pub at: Timestamp,
    pub by: String,
    pub fields: Vec<FieldChange>,
}

/// What a person has to settle about a contact, both sides beside each other.
#[derive(Debug, Clone)]
pub struct KeptConflict {
    pub id: Uuid,
    pub contact: ContactId,
    /// Another name was given for it.
    pub other_name: Option<PersonName>,
    /// Its addresses were given together with those of this contact.
    pub other: Option<ContactId>,
    pub at: Timestamp,
}
