//! `homing.contacts.v1.ContactService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use super::words::{contact, country, purpose, purpose_for, spoken, told_address, told_zone};
use crate::domain::roles::FieldGroup;
use crate::domain::{
    AddressValue, Capture, CapturedValue, ChannelProfile, ExternalId, Given, KeptProfile, Network, PageScopedId, Phone,
    Purpose,
};
use domain::{AddressId, ChannelId, ContactId, Email, Invalid, PersonName};
use events::common::ChannelKind;
use fault::Result;
use rpc::contacts::contact_service_server::ContactService;
use rpc::contacts::{
    self, CaptureContactRequest, CaptureContactResponse, GetAddressRequest, GetAddressResponse, GetContactRequest,
    GetContactResponse, LookUpContactRequest, LookUpContactResponse,
};
use tonic::{Request, Response, Status};

impl Server {
    async fn do_capture_contact(&self, request: Request<CaptureContactRequest>) -> Result<CaptureContactResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let purpose = match purpose(request.purpose)? {
            Purpose::Support => Purpose::Support,
            Purpose::Outreach => {
                let remedy = "must be SUPPORT: consent for anything else needs a form of its own";
                return Err(Invalid::new("purpose", remedy).into());
            }
        };
        let channel = match request.channel.as_str() {
            "" => None,
            channel => Some(ChannelId::parse(channel)?),
        };
        let given = given(&request, channel.as_ref())?;
        rights.check_given(&given)?;
        let profile = told_profile(&request, (channel.as_ref(), &given))?;
        if profile.is_some() {
            rights.must_edit([FieldGroup::Profiles])?;
        }
        let told = (&given, profile.as_ref());
        let captured = self
            .contacts
            .capture_contact(&workspace, told, channel.as_ref().map(ChannelId::as_str), purpose)
            .await?;
        let text = |id: Option<AddressId>| id.map(|id| id.to_string()).unwrap_or_default();
        Ok(CaptureContactResponse {
            contact: captured.contact.to_string(),
            phone_address: text(captured.phone),
            email_address: text(captured.email),
            page_scoped_address: text(captured.page),
        })
    }

    async fn do_get_contact(&self, request: Request<GetContactRequest>) -> Result<GetContactResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let id = ContactId::parse(&request.contact)?;
        let (found, given, profiles) = self
            .contacts
            .get_contact(&workspace, id, purpose_for(&rights, request.purpose)?)
            .await?;
        let shown = rights.show(found);
        let given = rights.show_captures(&shown, given);
        let profiles = rights.show_profiles(&shown, profiles);
        Ok(GetContactResponse {
            contact: Some(contact(&shown)),
            captured: given.iter().map(captured).collect(),
            profiles: profiles.iter().map(profile).collect(),
        })
    }

    async fn do_look_up_contact(&self, request: Request<LookUpContactRequest>) -> Result<LookUpContactResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let value = match contacts::AddressKind::try_from(request.kind) {
            Ok(contacts::AddressKind::Phone) => Phone::parse(&request.value, country(&request.default_country)?)
                .map(AddressValue::Phone)
                .map_err(as_value)?,
            Ok(contacts::AddressKind::Email) => Email::parse(&request.value)
                .map(AddressValue::Email)
                .map_err(as_value)?,
            Ok(contacts::AddressKind::External) => ExternalId::parse(&request.value)
                .map(AddressValue::External)
                .map_err(as_value)?,
            Ok(contacts::AddressKind::PageScoped) => {
                PageScopedId::parse(ChannelId::parse(&request.channel)?, &request.value)
                    .map(AddressValue::PageScoped)
                    .map_err(as_value)?
            }
            Ok(contacts::AddressKind::Unspecified) | Err(_) => {
                return Err(Invalid::new("kind", "must be PHONE, EMAIL, EXTERNAL or PAGE_SCOPED").into());
            }
        };
        // Whoever may ask for an address may find out whose it is.
        rights.must_see(FieldGroup::of_address(value.kind()))?;
        let found = self
            .contacts
            .look_up_contact(&workspace, &value, purpose_for(&rights, request.purpose)?)
            .await?;
        Ok(LookUpContactResponse {
            contact: Some(contact(&rights.show(found))),
        })
    }

    async fn do_get_address(&self, request: Request<GetAddressRequest>) -> Result<GetAddressResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let id = AddressId::parse(&request.address)?;
        let (found, owner) = self
            .contacts
            .get_address(&workspace, id, purpose_for(&rights, request.purpose)?)
            .await?;
        rights.must_see(FieldGroup::of_address(found.value.kind()))?;
        Ok(GetAddressResponse {
            address: Some(told_address(&found)),
            contact_name: spoken(rights.show_name(owner.name).as_ref()),
            time_zone: told_zone(rights.show_zone(owner.time_zone).as_ref()),
        })
    }
}

#[tonic::async_trait]
impl ContactService for Server {
    async fn capture_contact(
        &self,
        request: Request<CaptureContactRequest>,
    ) -> Result<Response<CaptureContactResponse>, Status> {
        rpc::answer(self.do_capture_contact(request).await)
    }

    async fn get_contact(&self, request: Request<GetContactRequest>) -> Result<Response<GetContactResponse>, Status> {
        rpc::answer(self.do_get_contact(request).await)
    }

    async fn look_up_contact(
        &self,
        request: Request<LookUpContactRequest>,
    ) -> Result<Response<LookUpContactResponse>, Status> {
        rpc::answer(self.do_look_up_contact(request).await)
    }

    async fn get_address(&self, request: Request<GetAddressRequest>) -> Result<Response<GetAddressResponse>, Status> {
        rpc::answer(self.do_get_address(request).await)
    }
}

/// The empty string means 'not given' in each field.
fn given(request: &CaptureContactRequest, channel: Option<&ChannelId>) -> Result<Given, Invalid> {
    let filled = |text: &str| !text.trim().is_empty();
    let name = filled(&request.name)
        .then(|| PersonName::parse(&request.name))
        .transpose()?;
    let phone = match filled(&request.phone) {
        true => Some(Phone::parse(&request.phone, country(&request.default_country)?)?),
        false => None,
    };
    let email = filled(&request.email)
        .then(|| Email::parse(&request.email))
        .transpose()?;
    let page = match (request.page_scoped_id.as_str(), channel) {
        ("", _) => None,
        (_, None) => return Err(Invalid::new("channel", "is needed with a page-scoped id")),
        (id, Some(channel)) => Some(PageScopedId::parse(channel.clone(), id)?),
    };
    Given::new(name, phone, email, page)
}

/// What the channel tells of whom it knows by what is given.
fn told_profile(
    request: &CaptureContactRequest,
    (channel, given): (Option<&ChannelId>, &Given),
) -> Result<Option<ChannelProfile>, Invalid> {
    let at = request.told_at.map(|at| {
        let wrong = || Invalid::new("told_at", "is no moment between the years 1 and 9999");
        events::instant(Some(at)).ok_or_else(wrong)
    });
    let told = request
        .profile
        .iter()
        .map(|(field, text)| (field.clone(), text.clone()));
    ChannelProfile::read((channel, network(request.kind())), given, told, at.transpose()?)
}

/// `None`: a kind of channel that tells nothing of people.
fn network(kind: ChannelKind) -> Option<Network> {
    match kind {
        ChannelKind::Facebook => Some(Network::Facebook),
        ChannelKind::Instagram => Some(Network::Instagram),
        ChannelKind::Whatsapp => Some(Network::Whatsapp),
        ChannelKind::Unspecified | ChannelKind::Web | ChannelKind::Sms | ChannelKind::Email | ChannelKind::Voice => {
            None
        }
    }
}

fn profile(kept: &KeptProfile) -> contacts::ChannelProfile {
    let values = kept.values.iter().map(|(field, (value, at))| contacts::ProfileValue {
        field: field.word().to_owned(),
        value: value.expose().to_owned(),
        at: Some(events::stamp(*at)),
    });
    contacts::ChannelProfile {
        channel: kept.channel.clone(),
        address: kept.address.to_string(),
        values: values.collect(),
    }
}

/// The look-up's address stands in a field of another name.
fn as_value(invalid: Invalid) -> Invalid {
    match invalid.field {
        "default_country" => invalid,
        _ => invalid.of("value"),
    }
}

fn captured(given: &Capture) -> contacts::Captured {
    let (address, name) = match &given.what {
        CapturedValue::Address(address) => (address.to_string(), String::new()),
        CapturedValue::Name(name) => (String::new(), spoken(Some(name))),
    };
    contacts::Captured {
        address,
        name,
        channel: given.channel.clone().unwrap_or_default(),
        at: Some(events::stamp(given.at)),
    }
}
