use super::{AddressValue, Phone};
use domain::{AddressId, ContactId, Email, Invalid, PersonName};

/// What a customer gave at once: a name, and at least one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub name: Option<PersonName>,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
}

impl Given {
    /// A name alone identifies nobody and is refused.
    pub fn new(name: Option<PersonName>, phone: Option<Phone>, email: Option<Email>) -> Result<Self, Invalid> {
        if phone.is_none() && email.is_none() {
            return Err(Invalid::new(
                "phone",
                "or email is needed: a name alone cannot be found again",
            ));
        }
        Ok(Self { name, phone, email })
    }

    pub fn phone_value(&self) -> Option<AddressValue> {
        self.phone.clone().map(AddressValue::Phone)
    }

    pub fn email_value(&self) -> Option<AddressValue> {
        self.email.clone().map(AddressValue::Email)
    }
}

/// An address that is stored already, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub address: AddressId,
    pub contact: ContactId,
    /// The contact's present name.
    pub name: Option<PersonName>,
}

/// Whom the given data belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Known(ContactId),
    New,
}

/// What happens to the given name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameStep {
    /// None was given, or it is the contact's already.
    Nothing,
    /// The contact has none: it gets this one.
    Fill(PersonName),
}

/// What a person has to settle: nothing is merged or overwritten without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Another name was given than the contact has.
    Name(PersonName),
    /// Phone and e-mail were given together and belong to two contacts; this is the e-mail's.
    OtherContact(ContactId),
}

/// What to write. Addresses that are not stored yet are added to the target; stored ones stay where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub target: Target,
    pub name: NameStep,
    pub add_phone: bool,
    pub add_email: bool,
    pub conflicts: Vec<Conflict>,
}

/// Decides where given data go. The phone's contact comes first, then the e-mail's, else a new one.
pub fn plan(given: &Given, phone: Option<&Found>, email: Option<&Found>) -> Plan {
    let owner = phone.or(email);
    let mut conflicts = Vec::new();
    if let (Some(phone), Some(email)) = (phone, email)
        && phone.contact != email.contact
    {
        conflicts.push(Conflict::OtherContact(email.contact));
    }
    let name = match (&given.name, owner.and_then(|found| found.name.as_ref())) {
        (None, _) => NameStep::Nothing,
        (Some(given), None) => NameStep::Fill(given.clone()),
        (Some(given), Some(present)) => {
            if given != present {
                conflicts.push(Conflict::Name(given.clone()));
            }
            NameStep::Nothing
        }
    };
    Plan {
        target: owner.map_or(Target::New, |found| Target::Known(found.contact)),
        name,
        add_phone: given.phone.is_some() && phone.is_none(),
        add_email: given.email.is_some() && email.is_none(),
        conflicts,
    }
}
