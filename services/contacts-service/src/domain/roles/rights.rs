use super::super::{
    Address, Capture, CapturedValue, Contact, ContactChange, DataKey, Datum, Edit, Given, KeptProfile, Stage, Tag, Zone,
};
use super::{Access, FieldGroup, RoleFields, RoleName};
use domain::{AddressId, ContactId, PersonName, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a caller may see and change of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Of whom they are, for complaints. None: a service's own call, which may everything.
    roles: Vec<(RoleName, RoleFields)>,
}

/// A role that does not see a field, or may not change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDenied {
    pub role: RoleName,
    pub field: FieldGroup,
    pub wanted: Access,
}

impl fmt::Display for FieldDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, field, wanted } = self;
        let (wanted, field) = (wanted.word(), field.word());
        write!(
            f,
            "the role '{role}' may not {wanted} {field}; ask somebody with another one, or have it changed"
        )
    }
}

/// A person as far as a purpose and a role may see them. Nothing else is handed out, and only [`Rights::show`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub id: ContactId,
    pub name: Option<PersonName>,
    pub addresses: Vec<Address>,
    pub version: u64,
    pub created_at: Timestamp,
    /// Absent where the purpose may not see it.
    pub profile: Option<ShownProfile>,
    /// What of the contact the role does not see.
    pub hidden: Vec<FieldGroup>,
}

/// What is known from serving a person; what the role does not see is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownProfile {
    pub stage: Option<Stage>,
    pub source: Option<String>,
    pub tags: BTreeSet<Tag>,
    pub data: BTreeMap<DataKey, Datum>,
    pub time_zone: Option<Zone>,
}

impl Rights {
    /// Of a service's own call.
    pub fn all() -> Self {
        Self { roles: vec![] }
    }

    /// What all of these roles may: one narrows the other.
    pub fn of(roles: Vec<(RoleName, RoleFields)>) -> Self {
        Self { roles }
    }

    /// Refused by the first role that may not do so much with the field.
    pub fn must(&self, wanted: Access, field: FieldGroup) -> Result<(), FieldDenied> {
        let short = self.roles.iter().find(|(_, fields)| fields.access(field) < wanted);
        match short {
            None => Ok(()),
            Some((role, _)) => Err(FieldDenied {
                role: role.clone(),
                field,
                wanted,
            }),
        }
    }

    pub fn must_see(&self, field: FieldGroup) -> Result<(), FieldDenied> {
        self.must(Access::See, field)
    }

    pub fn sees(&self, field: FieldGroup) -> bool {
        self.must_see(field).is_ok()
    }

    /// Refused by the first field that may not be changed.
    pub fn must_edit(&self, fields: impl IntoIterator<Item = FieldGroup>) -> Result<(), FieldDenied> {
        fields.into_iter().try_for_each(|field| self.must(Access::Edit, field))
    }

    /// Whatever is kept of a person is handed out.
    pub fn must_see_all(&self) -> Result<(), FieldDenied> {
        FieldGroup::ALL.into_iter().try_for_each(|field| self.must_see(field))
    }

    /// A person goes, with everything.
    pub fn must_edit_all(&self) -> Result<(), FieldDenied> {
        self.must_see_all()?;
        self.must_edit(FieldGroup::ALL.into_iter().filter(|field| field.can_be_changed()))
    }

    /// Refused by the first field of a mask that may not be changed, whether its value is another one or not.
    pub fn check(&self, edit: &Edit) -> Result<(), FieldDenied> {
        self.must_edit(edit.touched())
    }

    /// Refused where a field is given that may not be changed.
    pub fn check_given(&self, given: &Given) -> Result<(), FieldDenied> {
        let named = [
            (FieldGroup::Name, given.name.is_some()),
            (FieldGroup::Phones, given.phone.is_some()),
            (FieldGroup::Emails, given.email.is_some()),
            (FieldGroup::PageScopedIds, given.page.is_some()),
        ];
        self.must_edit(named.into_iter().filter(|(_, given)| *given).map(|(field, _)| field))
    }

    /// The person without what may not be seen.
    pub fn show(&self, contact: Contact) -> Shown {
        let hidden = FieldGroup::ALL
            .into_iter()
            .filter(|field| field.is_of_contact() && !self.sees(*field));
        let seen = |address: &Address| self.sees(FieldGroup::of_address(address.value.kind()));
        let profile = contact.profile.map(|profile| ShownProfile {
            stage: self.sees(FieldGroup::Stage).then_some(profile.stage),
            source: profile.source.filter(|_| self.sees(FieldGroup::Source)),
            tags: only(self.sees(FieldGroup::Tags), profile.tags),
            data: only(self.sees(FieldGroup::Data), profile.data),
            time_zone: profile.time_zone.filter(|_| self.sees(FieldGroup::TimeZone)),
        });
        Shown {
            id: contact.id,
            name: self.show_name(contact.name),
            addresses: contact.addresses.into_iter().filter(seen).collect(),
            version: contact.version,
            created_at: contact.created_at,
            profile,
            hidden: hidden.collect(),
        }
    }

    pub fn show_name(&self, name: Option<PersonName>) -> Option<PersonName> {
        name.filter(|_| self.sees(FieldGroup::Name))
    }

    pub fn show_zone(&self, zone: Option<Zone>) -> Option<Zone> {
        zone.filter(|_| self.sees(FieldGroup::TimeZone))
    }

    /// What a person gave in which channel, as far as it names what is shown of them.
    pub fn show_captures(&self, of: &Shown, mut captures: Vec<Capture>) -> Vec<Capture> {
        let shown: BTreeSet<AddressId> = of.addresses.iter().map(|address| address.id).collect();
        captures.retain(|capture| match &capture.what {
            CapturedValue::Address(address) => self.sees_all_addresses() || shown.contains(address),
            CapturedValue::Name(_) => self.sees(FieldGroup::Name),
        });
        only(self.sees(FieldGroup::Source), captures)
    }

    /// What channels tell, as far as it is told of what is shown.
    pub fn show_profiles(&self, of: &Shown, mut profiles: Vec<KeptProfile>) -> Vec<KeptProfile> {
        profiles.retain(|profile| of.addresses.iter().any(|address| address.id == profile.address));
        only(self.sees(FieldGroup::Profiles), profiles)
    }

    /// What was changed, as far as it names what may be seen; that something was changed stays.
    pub fn show_changes(&self, mut changes: Vec<ContactChange>) -> Vec<ContactChange> {
        for change in &mut changes {
            change
                .fields
                .retain(|one| FieldGroup::of_change(&one.field).is_none_or(|field| self.sees(field)));
        }
        changes
    }

    fn sees_all_addresses(&self) -> bool {
        [
            FieldGroup::Phones,
            FieldGroup::Emails,
            FieldGroup::ExternalIds,
            FieldGroup::PageScopedIds,
        ]
        .into_iter()
        .all(|field| self.sees(field))
    }
}

/// Nothing, where it may not be seen.
fn only<T: Default>(seen: bool, value: T) -> T {
    match seen {
        true => value,
        false => T::default(),
    }
}
