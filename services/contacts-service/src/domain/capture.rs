use super::{AddressValue, PageScopedId, Phone};
use domain::{AddressId, ContactId, Email, Invalid, PersonName};

/// What a customer gave at once: a name, and at least one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub name: Option<PersonName>,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
    pub page: Option<PageScopedId>,
}

impl Given {
    /// A name alone identifies nobody and is refused.
    pub fn new(
        name: Option<PersonName>,
        phone: Option<Phone>,
        email: Option<Email>,
        page: Option<PageScopedId>,
    ) -> Result<Self, Invalid> {
        if phone.is_none() && email.is_none() && page.is_none() {
            return Err(Invalid::new(
                "phone",
                "or email is needed: a name alone cannot be found again",
            ));
        }
        Ok(Self {
            name,
            phone,
            email,
            page,
        })
    }

    pub fn phone_value(&self) -> Option<AddressValue> {
        self.phone.clone().map(AddressValue::Phone)
    }

    pub fn email_value(&self) -> Option<AddressValue> {
        self.email.clone().map(AddressValue::Email)
    }

    pub fn page_value(&self) -> Option<AddressValue> {
        self.page.clone().map(AddressValue::PageScoped)
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

/// Whose the given addresses are, of those that are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owners {
    pub page: Option<Found>,
    pub phone: Option<Found>,
    pub email: Option<Found>,
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
    /// Addresses were given together and belong to two contacts; this is the one that they do not go to.
    OtherContact(ContactId),
}

/// What to write. Addresses that are not stored yet are added to the target; stored ones stay where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub target: Target,
    pub name: NameStep,
    pub add_phone: bool,
    pub add_email: bool,
    pub add_page: bool,
    pub conflicts: Vec<Conflict>,
}

/// Decides where given data go. The contact whom the page knows comes first, as nobody types its id; then the phone's, then the
/// e-mail's, else a new one.
pub fn plan(given: &Given, owners: &Owners) -> Plan {
    let found = [&owners.page, &owners.phone, &owners.email].map(Option::as_ref);
    let mut found = found.into_iter().flatten();
    let owner = found.next();
    let mut conflicts = Vec::new();
    for other in found.filter(|other| owner.is_some_and(|owner| owner.contact != other.contact)) {
        let conflict = Conflict::OtherContact(other.contact);
        if !conflicts.contains(&conflict) {
            conflicts.push(conflict);
        }
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
        add_phone: given.phone.is_some() && owners.phone.is_none(),
        add_email: given.email.is_some() && owners.email.is_none(),
        add_page: given.page.is_some() && owners.page.is_none(),
        conflicts,
    }
}
