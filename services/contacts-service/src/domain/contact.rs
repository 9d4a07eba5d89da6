use super::{Address, Bound, Purpose, PurposeDenied};
use domain::{ContactId, PersonName};

/// A person, as far as a purpose may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub name: Option<PersonName>,
    /// Those given for the purpose; never empty.
    pub addresses: Vec<Address>,
}

/// A stored person, not yet released for any purpose.
#[derive(Debug, Clone)]
pub struct StoredContact {
    pub id: ContactId,
    pub name: Option<PersonName>,
    pub addresses: Vec<Bound<Address>>,
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
        })
    }
}
