use crate::domain::conversation::Reach;
use crate::domain::given::Given;
use domain::{AddressId, ContactId, WorkspaceId};
use fault::Result;
use rpc::Deadline;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::{CaptureContactRequest, Purpose};
use tonic::transport::Channel;

/// contacts-service, which keeps people and their addresses.
#[derive(Debug, Clone)]
pub struct Contacts {
    client: ContactServiceClient<Channel>,
}

impl Contacts {
    pub fn new(channel: Channel) -> Self {
        Self {
            client: ContactServiceClient::new(channel),
        }
    }

    /// Stores what a customer gave for their support request, and answers ids in place of addresses. Idempotent.
    pub async fn capture_contact(
        &self,
        workspace: &WorkspaceId,
        given: &Given,
        default_country: &str,
    ) -> Result<Reach> {
        let request = CaptureContactRequest {
            workspace: workspace.to_string(),
            name: given.name.clone(),
            phone: given.phone.clone(),
            email: given.email.clone(),
            default_country: default_country.to_owned(),
            purpose: Purpose::Support.into(),
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
}
