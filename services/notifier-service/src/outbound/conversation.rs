use domain::{ConversationId, WorkspaceId};
use fault::Result;
use rpc::Deadline;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::{GetFollowUpContextRequest, GetFollowUpContextResponse};
use tonic::transport::Channel;

/// conversation-service.
#[derive(Debug, Clone)]
pub struct Conversations {
    client: ConversationServiceClient<Channel>,
}

impl Conversations {
    pub fn connect(url: &str) -> Result<Self> {
        let client = ConversationServiceClient::new(rpc::connect(url)?);
        Ok(Self { client })
    }

    /// What a send is decided and rendered from, read from the owner's primary.
    pub async fn get_follow_up_context(
        &self,
        workspace: &WorkspaceId,
        conversation: ConversationId,
        from_seq: u64,
    ) -> Result<GetFollowUpContextResponse> {
        let request = GetFollowUpContextRequest {
            workspace: workspace.to_string(),
            conversation: conversation.to_string(),
            from_seq,
        };
        rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.get_follow_up_context(request).await }
        })
        .await
    }
}
