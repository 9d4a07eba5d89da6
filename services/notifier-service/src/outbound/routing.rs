use domain::{AgentId, WorkspaceId};
use events::event::AgentAvailability;
use fault::{Kind, Result};
use rpc::Deadline;
use rpc::routing::GetAgentRequest;
use rpc::routing::routing_service_client::RoutingServiceClient;
use tonic::transport::Channel;

/// routing-service, which knows where agents are.
#[derive(Debug, Clone)]
pub struct Agents {
    client: RoutingServiceClient<Channel>,
}

impl Agents {
    pub fn new(channel: Channel) -> Self {
        let client = RoutingServiceClient::new(channel);
        Self { client }
    }

    /// Whether an agent sees what their console shows: it is connected, and they are neither away nor offline. Who never told is not.
    pub async fn is_there(&self, workspace: &WorkspaceId, agent: &AgentId) -> Result<bool> {
        let request = GetAgentRequest {
            workspace: workspace.to_string(),
            agent: agent.to_string(),
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.get_agent(request).await }
        });
        match answer.await {
            Ok(answer) => Ok(answer.agent.is_some_and(|agent| {
                let availability = agent.availability();
                agent.is_connected && matches!(availability, AgentAvailability::Available | AgentAvailability::Busy)
            })),
            Err(fault) if fault.kind() == Kind::NotFound => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}
