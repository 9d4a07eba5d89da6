use ::domain::{AgentId, TeamId, WorkspaceId};
use fault::Result;
use rpc::Deadline;
use rpc::conversation::ListTeamsRequest;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use tonic::transport::Channel;

/// conversation-service, which owns channels, teams and conversations.
#[derive(Debug, Clone)]
pub(crate) struct Conversations {
    workspaces: WorkspaceServiceClient<Channel>,
}

impl Conversations {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            workspaces: WorkspaceServiceClient::new(channel),
        }
    }

    /// The teams that an agent is in, by id.
    pub(crate) async fn teams_of(&self, workspace: &WorkspaceId, agent: &AgentId) -> Result<Vec<TeamId>> {
        let request = ListTeamsRequest {
            workspace: workspace.to_string(),
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.workspaces.clone();
            async move { client.list_teams(request).await }
        })
        .await?;
        let own = reply
            .teams
            .iter()
            .filter(|team| team.agents.iter().any(|member| member == agent.as_str()));
        own.map(|team| Ok(TeamId::parse(&team.team)?)).collect()
    }
}
