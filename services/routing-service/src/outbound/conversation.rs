use crate::domain::Kind;
use ::domain::{AgentId, ChannelId, ContactId, ConversationId, Language, TeamId, VisitorId, WorkspaceId};
use fault::{Fault, Result};
use rpc::Deadline;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use rpc::conversation::{GetChannelRequest, GetConversationRequest, ListTeamsRequest};
use tonic::transport::Channel;

/// conversation-service, which owns channels, teams and conversations.
#[derive(Debug, Clone)]
pub(crate) struct Conversations {
    workspaces: WorkspaceServiceClient<Channel>,
    conversations: ConversationServiceClient<Channel>,
}

/// Where chats come in.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    pub(crate) channel: ChannelId,
    pub(crate) kind: Kind,
    pub(crate) team: Option<TeamId>,
    pub(crate) language: Language,
}

/// A conversation as its owner has it now.
#[derive(Debug, Clone)]
pub(crate) struct Present {
    pub(crate) channel: ChannelId,
    pub(crate) visitor: Option<VisitorId>,
    pub(crate) contact: Option<ContactId>,
    pub(crate) is_resolved: bool,
}

impl Conversations {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            workspaces: WorkspaceServiceClient::new(channel.clone()),
            conversations: ConversationServiceClient::new(channel),
        }
    }

    /// Where chats of a channel come in; NOT_FOUND if there is none.
    pub(crate) async fn get_channel(&self, workspace: &WorkspaceId, id: &ChannelId) -> Result<Entrance> {
        let request = GetChannelRequest {
            workspace: workspace.to_string(),
            channel: id.to_string(),
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.workspaces.clone();
            async move { client.get_channel(request).await }
        })
        .await?;
        let channel = reply
            .channel
            .ok_or_else(|| Fault::internal("an answer without a channel"))?;
        let kind = Kind::from_wire(channel.kind());
        let settings = channel.settings.unwrap_or_default();
        let team = Some(settings.team.as_str()).filter(|team| !team.is_empty());
        Ok(Entrance {
            channel: id.clone(),
            kind: kind.ok_or_else(|| Fault::internal("an answer with a channel of no kind"))?,
            team: team.map(TeamId::parse).transpose()?,
            language: Language::parse(&settings.language)?,
        })
    }

    /// A conversation as it is now; NOT_FOUND if there is none.
    pub(crate) async fn get_conversation(&self, workspace: &WorkspaceId, id: ConversationId) -> Result<Present> {
        let request = GetConversationRequest {
            workspace: workspace.to_string(),
            by: Some(By::Conversation(id.to_string())),
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.conversations.clone();
            async move { client.get_conversation(request).await }
        })
        .await?;
        let found = reply
            .conversation
            .ok_or_else(|| Fault::internal("an answer without a conversation"))?;
        Ok(Present {
            channel: ChannelId::parse(&found.channel)?,
            visitor: VisitorId::parse_optional(&found.visitor)?,
            contact: ContactId::parse_optional(&found.contact)?,
            is_resolved: found.resolved_at.is_some(),
        })
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
