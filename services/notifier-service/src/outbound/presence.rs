use crate::domain::{Fresh, Presence};
use domain::{VisitorId, WorkspaceId};
use events::instant;
use fault::{Fault, Result};
use rpc::Deadline;
use rpc::presence::GetPresenceRequest;
use rpc::presence::presence_service_client::PresenceServiceClient;
use tonic::transport::Channel;

/// presence-service.
#[derive(Debug, Clone)]
pub struct Presences {
    client: PresenceServiceClient<Channel>,
}

impl Presences {
    pub fn new(channel: Channel) -> Self {
        let client = PresenceServiceClient::new(channel);
        Self { client }
    }

    /// Where a visitor is now, as its owner knows it.
    pub async fn get_presence(&self, workspace: &WorkspaceId, visitor: VisitorId) -> Result<(Presence, Fresh)> {
        let request = GetPresenceRequest {
            workspace: workspace.to_string(),
            visitor: visitor.to_string(),
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.get_presence(request).await }
        })
        .await?;
        let told = answer
            .presence
            .ok_or_else(|| Fault::internal("presence-service answered without a presence"))?;
        let presence = Presence {
            state: told.state().known(),
            cause: told.cause().known(),
            since: instant(told.since),
            epoch: told.epoch,
            version: told.version,
        };
        let fresh = Fresh {
            last_input_at: instant(told.last_input_at),
            mass_loss: told.mass_loss,
        };
        Ok((presence, fresh))
    }
}
