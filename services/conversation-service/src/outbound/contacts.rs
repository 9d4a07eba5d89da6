use crate::domain::conversation::Reach;
use crate::domain::given::Given;
use crate::domain::settings::ChannelKind;
use domain::{AddressId, ChannelId, ContactId, ConversationId, Timestamp, WorkspaceId};
use events::stamp;
use fault::{Fault, Kind, Result, codes};
use prost_types::FieldMask;
use rpc::Deadline;
use rpc::contacts::consent_service_client::ConsentServiceClient;
use rpc::contacts::contact_book_service_client::ContactBookServiceClient;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::{
    AddressKind, CaptureContactRequest, GetContactRequest, GetContactResponse, Purpose, RecordConsentRequest,
    UpdateContactRequest,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tonic::transport::Channel;

/// contacts-service, which keeps people and their addresses.
#[derive(Debug, Clone)]
pub struct Contacts {
    client: ContactServiceClient<Channel>,
    consents: ConsentServiceClient<Channel>,
    book: ContactBookServiceClient<Channel>,
    /// Until when it is taken to be away.
    away: Arc<Mutex<Option<Instant>>>,
}

/// What a person agreed to in a form.
#[derive(Debug)]
pub struct RecordedConsent<'a> {
    pub request_id: String,
    pub contact: ContactId,
    /// At least one.
    pub addresses: Vec<AddressId>,
    pub form: &'a str,
    /// The one whose words were shown.
    pub form_version: u64,
    /// The one they were shown in.
    pub language: &'a str,
    pub conversation: ConversationId,
    pub given_at: Timestamp,
}

/// Shortest time for which it is taken to be away after a call that did not reach it.
const AWAY: Duration = Duration::from_secs(1);
/// Or so many times what that call took.
const SHARE: u32 = 5;

/// How often a contact that somebody else changes meanwhile is read again for a tag.
const TAG_TRIES: u32 = 3;

impl Contacts {
    pub fn new(channel: Channel) -> Self {
        Self {
            client: ContactServiceClient::new(channel.clone()),
            consents: ConsentServiceClient::new(channel.clone()),
            book: ContactBookServiceClient::new(channel),
            away: Arc::default(),
        }
    }

    /// Stores what a customer gave in a channel for their support request, and answers ids in place of addresses.
    /// Idempotent.
    pub async fn capture_contact(
        &self,
        workspace: &WorkspaceId,
        given: &Given,
        (channel, kind, default_country): (&ChannelId, ChannelKind, &str),
    ) -> Result<Reach> {
        let told = given.told.as_deref();
        let request = CaptureContactRequest {
            workspace: workspace.to_string(),
            name: given.name.clone(),
            phone: given.phone.clone(),
            email: given.email.clone(),
            default_country: default_country.to_owned(),
            purpose: Purpose::Support.into(),
            channel: channel.to_string(),
            page_scoped_id: told.map(|told| told.page_scoped_id.clone()).unwrap_or_default(),
            kind: crate::wire::kind(kind).into(),
            profile: told
                .map(|told| told.profile.clone().into_iter().collect())
                .unwrap_or_default(),
            told_at: told.map(|told| stamp(told.at)),
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.client.clone();
            async move { client.capture_contact(request).await }
        })
        .await?;
        Ok(Reach {
            contact: ContactId::parse_optional(&reply.contact)?,
            phone: AddressId::parse_optional(&reply.phone_address)?,
            email: AddressId::parse_optional(&reply.email_address)?,
        })
    }

    /// Records what a person agreed to; the same request again records nothing.
    pub async fn record_consent(&self, workspace: &WorkspaceId, consent: RecordedConsent<'_>) -> Result<()> {
        let request = RecordConsentRequest {
            workspace: workspace.to_string(),
            request_id: consent.request_id,
            contact: consent.contact.to_string(),
            purpose: Purpose::Outreach.into(),
            addresses: consent.addresses.iter().map(AddressId::to_string).collect(),
            form: consent.form.to_owned(),
            form_version: u32::try_from(consent.form_version).map_err(Fault::internal)?,
            language: consent.language.to_owned(),
            conversation: consent.conversation.to_string(),
            given_at: Some(stamp(consent.given_at)),
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.consents.clone();
            async move { client.record_consent(request).await }
        });
        reply.await.map(drop)
    }

    /// The contact, or the one it went into, and the number at which a consent for outreach lets it be written to: `wanted`, or
    /// the only one.
    pub async fn find_outreach_number(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
        wanted: Option<AddressId>,
    ) -> Result<(ContactId, AddressId)> {
        let found = match self.get_contact(workspace, contact, Purpose::Outreach).await {
            Ok(reply) => reply.contact.unwrap_or_default(),
            Err(fault) if fault.kind() == Kind::PermissionDenied => return Err(no_consent("contact")),
            Err(fault) if fault.kind() == Kind::NotFound => return Err(fault.of("contact")),
            Err(fault) => return Err(fault),
        };
        let numbers = found.addresses.iter().filter(|one| one.kind() == AddressKind::Phone);
        let mut numbers = numbers
            .map(|one| Ok(AddressId::parse(&one.address)?))
            .collect::<Result<Vec<_>>>()?;
        let number = match wanted {
            Some(wanted) if numbers.contains(&wanted) => wanted,
            Some(_) => return Err(no_consent("address")),
            None if numbers.len() > 1 => {
                return Err(Fault::invalid(
                    "address",
                    "is needed: consents for outreach name several numbers of this contact; say which",
                ));
            }
            None => numbers.pop().ok_or_else(|| no_consent("contact"))?,
        };
        Ok((ContactId::parse(&found.contact)?, number))
    }

    /// Puts a tag on a contact, or on the one it went into, unless it is there. CONFLICT where somebody else keeps changing the contact meanwhile.
    pub async fn put_tag(&self, workspace: &WorkspaceId, contact: ContactId, tag: &str, by: &str) -> Result<()> {
        for _ in 1..TAG_TRIES {
            match self.add_tag(workspace, contact, tag, by).await {
                Err(fault) if fault.kind() == Kind::Conflict => {}
                outcome => return outcome,
            }
        }
        self.add_tag(workspace, contact, tag, by).await
    }

    async fn add_tag(&self, workspace: &WorkspaceId, contact: ContactId, tag: &str, by: &str) -> Result<()> {
        let found = self.get_contact(workspace, contact, Purpose::Support).await?;
        let found = found.contact.unwrap_or_default();
        let mut tags = found.profile.unwrap_or_default().tags;
        if tags.iter().any(|present| present == tag) {
            return Ok(());
        }
        tags.push(tag.to_owned());
        let request = UpdateContactRequest {
            workspace: workspace.to_string(),
            contact: found.contact,
            mask: Some(FieldMask {
                paths: vec!["tags".to_owned()],
            }),
            version: found.version,
            by: by.to_owned(),
            tags,
            ..Default::default()
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.book.clone();
            async move { client.update_contact(request).await }
        });
        reply.await.map(drop)
    }

    async fn get_contact(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
        purpose: Purpose,
    ) -> Result<GetContactResponse> {
        let request = GetContactRequest {
            workspace: workspace.to_string(),
            contact: contact.to_string(),
            purpose: purpose.into(),
        };
        rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.client.clone();
            async move { client.get_contact(request).await }
        })
        .await
    }

    /// As [`Self::capture_contact`], for events that can wait: after a call that did not reach contacts-service the next
    /// ones fail at once for five times as long as that call took, so that calls that hang hold up others little.
    pub async fn capture_contact_soon(
        &self,
        workspace: &WorkspaceId,
        given: &Given,
        place: (&ChannelId, ChannelKind, &str),
    ) -> Result<Reach> {
        let began = Instant::now();
        if self.away().is_some_and(|until| began < until) {
            return Err(Fault::new(&codes::UNAVAILABLE, "contacts-service is away"));
        }
        let answer = self.capture_contact(workspace, given, place).await;
        *self.away() = match &answer {
            Err(fault) if matches!(fault.kind(), Kind::Unavailable | Kind::Timeout) => {
                Some(Instant::now() + (began.elapsed() * SHARE).max(AWAY))
            }
            _ => None,
        };
        answer
    }

    fn away(&self) -> MutexGuard<'_, Option<Instant>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_consent(field: &'static str) -> Fault {
    Fault::new(
        &codes::NO_CONSENT,
        "no consent for outreach names a phone number to write to; record one that does, or wait until they write",
    )
    .of(field)
}
