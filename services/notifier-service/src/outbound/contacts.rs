use domain::{AddressId, Country, Email, PersonName, PhoneE164, WorkspaceId};
use fault::{Fault, Kind, Result};
use jiff::tz::TimeZone;
use rpc::Deadline;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::{AddressKind, GetAddressRequest, LookUpContactRequest, Purpose};
use tonic::transport::Channel;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    Phone { number: PhoneE164, country: Country },
    Email(Email),
}

/// Whose an address is, as far as that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub name: Option<PersonName>,
    /// In which they live.
    pub zone: Option<TimeZone>,
}

/// What an address is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// The request it was given for.
    Support,
    /// Writing first, which takes a consent.
    Outreach,
}

/// contacts-service.
#[derive(Debug, Clone)]
pub struct Contacts {
    client: ContactServiceClient<Channel>,
}

impl Contacts {
    pub fn new(channel: Channel) -> Self {
        let client = ContactServiceClient::new(channel);
        Self { client }
    }

    /// Reads an address that may serve this, and what is known of whose it is.
    pub async fn get_address(
        &self,
        workspace: &WorkspaceId,
        address: AddressId,
        serves: Serves,
    ) -> Result<(Recipient, Person)> {
        let request = GetAddressRequest {
            workspace: workspace.to_string(),
            address: address.to_string(),
            purpose: match serves {
                Serves::Support => Purpose::Support.into(),
                Serves::Outreach => Purpose::Outreach.into(),
            },
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.get_address(request).await }
        })
        .await?;
        let person = Person {
            name: PersonName::parse(&answer.contact_name).ok(),
            zone: TimeZone::get(&answer.time_zone).ok(),
        };
        let told = answer
            .address
            .ok_or_else(|| Fault::internal("contacts-service answered without an address"))?;
        let recipient = match told.kind() {
            AddressKind::Phone => Recipient::Phone {
                number: PhoneE164::parse(&told.value)?,
                country: country(&told.country)?,
            },
            AddressKind::Email => Recipient::Email(Email::parse(&told.value)?),
            AddressKind::External | AddressKind::Unspecified => {
                return Err(Fault::internal("contacts-service answered without the address's kind"));
            }
        };
        Ok((recipient, person))
    }

    /// The address that a phone number is known by; `None` if nobody gave it for support.
    pub async fn look_up_phone(&self, workspace: &WorkspaceId, phone: &PhoneE164) -> Result<Option<AddressId>> {
        let request = LookUpContactRequest {
            workspace: workspace.to_string(),
            kind: AddressKind::Phone.into(),
            value: phone.expose().to_owned(),
            default_country: String::new(),
            purpose: Purpose::Support.into(),
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.look_up_contact(request).await }
        })
        .await;
        let contact = match answer {
            Ok(answer) => answer.contact,
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::PermissionDenied) => None,
            Err(fault) => return Err(fault),
        };
        let mut addresses = contact.into_iter().flat_map(|contact| contact.addresses);
        let known = addresses.find(|told| told.kind() == AddressKind::Phone && told.value == phone.expose());
        known.map(|told| Ok(AddressId::parse(&told.address)?)).transpose()
    }
}

/// Numbers that belong to no country (satellite phones, freephone) are priced as ISO's code for 'unknown'.
fn country(text: &str) -> Result<Country> {
    Ok(Country::parse(if text.is_empty() { "ZZ" } else { text })?)
}
