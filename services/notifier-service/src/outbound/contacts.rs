use domain::{AddressId, Country, Email, PersonName, PhoneE164, Timestamp, WorkspaceId};
use events::stamp;
use fault::{Fault, Kind, Result};
use jiff::tz::TimeZone;
use rpc::Deadline;
use rpc::contacts::consent_service_client::ConsentServiceClient;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::{
    AddressKind, Contact, GetAddressRequest, LookUpContactRequest, Purpose, WithdrawConsentRequest, WithdrawnBy,
};
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
    /// The address is proved to be theirs.
    pub verified: bool,
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
    consents: ConsentServiceClient<Channel>,
}

impl Contacts {
    pub fn new(channel: Channel) -> Self {
        Self {
            client: ContactServiceClient::new(channel.clone()),
            consents: ConsentServiceClient::new(channel),
        }
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
            verified: answer.address.as_ref().is_some_and(|told| told.verified),
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
            AddressKind::External | AddressKind::PageScoped | AddressKind::Unspecified => {
                return Err(Fault::internal("contacts-service answered without the address's kind"));
            }
        };
        Ok((recipient, person))
    }

    /// The address that a phone number is known by; `None` if nobody gave it for support.
    pub async fn look_up_phone(&self, workspace: &WorkspaceId, phone: &PhoneE164) -> Result<Option<AddressId>> {
        let contact = self.look_up(workspace, by_phone(phone), Purpose::Support).await?;
        let mut addresses = contact.into_iter().flat_map(|contact| contact.addresses);
        let known = addresses.find(|told| told.kind() == AddressKind::Phone && told.value == phone.expose());
        known.map(|told| Ok(AddressId::parse(&told.address)?)).transpose()
    }

    /// Takes back what the person with this address agreed to until `at`: nobody writes to them first any more. No effect where
    /// nobody has the address, or it was done before.
    pub async fn withdraw_outreach(
        &self,
        workspace: &WorkspaceId,
        of: (AddressKind, &str),
        (at, by): (Timestamp, WithdrawnBy),
    ) -> Result<()> {
        let contact = match self.look_up(workspace, of, Purpose::Support).await? {
            Some(contact) => Some(contact),
            None => self.look_up(workspace, of, Purpose::Outreach).await?,
        };
        let Some(contact) = contact else { return Ok(()) };
        let request = WithdrawConsentRequest {
            workspace: workspace.to_string(),
            contact: contact.contact,
            purpose: Purpose::Outreach.into(),
            at: Some(stamp(at)),
            by: by.into(),
        };
        rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.consents.clone();
            async move { client.withdraw_consent(request).await }
        })
        .await?;
        Ok(())
    }

    async fn look_up(
        &self,
        workspace: &WorkspaceId,
        (kind, value): (AddressKind, &str),
        purpose: Purpose,
    ) -> Result<Option<Contact>> {
        let request = LookUpContactRequest {
            workspace: workspace.to_string(),
            kind: kind.into(),
            value: value.to_owned(),
            default_country: String::new(),
            purpose: purpose.into(),
            channel: String::new(),
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.look_up_contact(request).await }
        })
        .await;
        match answer {
            Ok(answer) => Ok(answer.contact),
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::PermissionDenied) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// What a contact is looked up by.
pub fn by_phone(number: &PhoneE164) -> (AddressKind, &str) {
    (AddressKind::Phone, number.expose())
}

/// Numbers that belong to no country (satellite phones, freephone) are priced as ISO's code for 'unknown'.
fn country(text: &str) -> Result<Country> {
    Ok(Country::parse(if text.is_empty() { "ZZ" } else { text })?)
}
