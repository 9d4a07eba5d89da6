use crate::domain::conversation::Reach;
use crate::domain::given::Given;
use domain::{AddressId, ChannelId, ContactId, WorkspaceId};
use fault::{Fault, Kind, Result, codes};
use rpc::Deadline;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::{CaptureContactRequest, Purpose};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tonic::transport::Channel;

/// contacts-service, which keeps people and their addresses.
#[derive(Debug, Clone)]
pub struct Contacts {
    client: ContactServiceClient<Channel>,
    /// Until when it is taken to be away.
    away: Arc<Mutex<Option<Instant>>>,
}

/// Shortest time for which it is taken to be away after a call that did not reach it.
const AWAY: Duration = Duration::from_secs(1);
/// Or so many times what that call took.
const SHARE: u32 = 5;

impl Contacts {
    pub fn new(channel: Channel) -> Self {
        Self {
            client: ContactServiceClient::new(channel),
            away: Arc::default(),
        }
    }

    /// Stores what a customer gave in a channel for their support request, and answers ids in place of addresses.
    /// Idempotent.
    pub async fn capture_contact(
        &self,
        workspace: &WorkspaceId,
        given: &Given,
        (channel, default_country): (&ChannelId, &str),
    ) -> Result<Reach> {
        let request = CaptureContactRequest {
            workspace: workspace.to_string(),
            name: given.name.clone(),
            phone: given.phone.clone(),
            email: given.email.clone(),
            default_country: default_country.to_owned(),
            purpose: Purpose::Support.into(),
            channel: channel.to_string(),
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

    /// As [`Self::capture_contact`], for events that can wait: after a call that did not reach contacts-service the next
    /// ones fail at once for five times as long as that call took, so that calls that hang hold up others little.
    pub async fn capture_contact_soon(
        &self,
        workspace: &WorkspaceId,
        given: &Given,
        place: (&ChannelId, &str),
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
