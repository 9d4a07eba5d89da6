//! Between the messages and the domain: what more than one server reads and writes.

use crate::domain::roles::{FieldGroup, Rights, Shown, ShownProfile};
use crate::domain::{Address, AddressKind, DataKey, Datum, Purpose, Stage, Tag, Zone};
use domain::{Country, Invalid, PersonName};
use fault::Result;
use rpc::contacts;

pub fn purpose(number: i32) -> Result<Purpose, Invalid> {
    match contacts::Purpose::try_from(number) {
        Ok(contacts::Purpose::Support) => Ok(Purpose::Support),
        Ok(contacts::Purpose::Outreach) => Ok(Purpose::Outreach),
        Ok(contacts::Purpose::Unspecified) | Err(_) => Err(Invalid::new("purpose", "must be SUPPORT or OUTREACH")),
    }
}

/// What somebody with these rights reads for. Whoever is found for outreach has consented: that is a field too.
pub fn purpose_for(rights: &Rights, number: i32) -> Result<Purpose> {
    let purpose = purpose(number)?;
    if purpose == Purpose::Outreach {
        rights.must_see(FieldGroup::Consents)?;
    }
    Ok(purpose)
}

pub fn spoken(name: Option<&PersonName>) -> String {
    name.map(|name| name.expose().to_owned()).unwrap_or_default()
}

/// Empty where it is not known.
pub fn told_zone(zone: Option<&Zone>) -> String {
    zone.map(|zone| zone.as_str().to_owned()).unwrap_or_default()
}

pub fn told_address(address: &Address) -> contacts::Address {
    let kind = match address.value.kind() {
        AddressKind::Phone => contacts::AddressKind::Phone,
        AddressKind::Email => contacts::AddressKind::Email,
        AddressKind::External => contacts::AddressKind::External,
        AddressKind::PageScoped => contacts::AddressKind::PageScoped,
    };
    contacts::Address {
        address: address.id.to_string(),
        kind: kind.into(),
        value: address.value.expose().to_owned(),
        country: address
            .value
            .country()
            .as_ref()
            .map_or_else(String::new, |country| country.as_str().into()),
        verified: address.verified,
        channel: address.value.channel().map(ToString::to_string).unwrap_or_default(),
    }
}

pub fn contact(contact: &Shown) -> contacts::Contact {
    contacts::Contact {
        contact: contact.id.to_string(),
        name: spoken(contact.name.as_ref()),
        addresses: contact.addresses.iter().map(told_address).collect(),
        version: contact.version,
        created_at: Some(events::stamp(contact.created_at)),
        profile: contact.profile.as_ref().map(profile),
        hidden: words(&contact.hidden),
    }
}

fn words(fields: &[FieldGroup]) -> Vec<String> {
    let mut words: Vec<String> = fields.iter().map(|field| field.word().to_owned()).collect();
    words.sort_unstable();
    words
}

fn profile(profile: &ShownProfile) -> contacts::Profile {
    let datum = |(key, datum): (&DataKey, &Datum)| contacts::Datum {
        key: key.as_str().to_owned(),
        value: datum.value.expose().to_owned(),
        at: Some(events::stamp(datum.at)),
        by: datum.by.clone(),
    };
    let stage = match profile.stage {
        None => contacts::Stage::Unspecified,
        Some(Stage::Lead) => contacts::Stage::Lead,
        Some(Stage::Customer) => contacts::Stage::Customer,
    };
    contacts::Profile {
        stage: stage.into(),
        source: profile.source.clone().unwrap_or_default(),
        tags: profile.tags.iter().map(|tag| Tag::expose(tag).to_owned()).collect(),
        data: profile.data.iter().map(datum).collect(),
        time_zone: told_zone(profile.time_zone.as_ref()),
    }
}

/// `None`: unspecified.
pub fn stage(number: i32) -> Result<Option<Stage>, Invalid> {
    match contacts::Stage::try_from(number) {
        Ok(contacts::Stage::Lead) => Ok(Some(Stage::Lead)),
        Ok(contacts::Stage::Customer) => Ok(Some(Stage::Customer)),
        Ok(contacts::Stage::Unspecified) => Ok(None),
        Err(_) => Err(Invalid::new("stage", "must be LEAD or CUSTOMER")),
    }
}

/// `None`: nobody said.
pub fn country(code: &str) -> Result<Option<Country>, Invalid> {
    match code {
        "" => Ok(None),
        code => Country::parse(code)
            .map(Some)
            .map_err(|invalid| invalid.of("default_country")),
    }
}
