use crate::domain::channel_routing::ChannelRouting;
use crate::domain::{About, Kind, Membership, Need, NewRequest, Opening};
use ::domain::{
    AgentId, ChannelId, ContactId, ConversationId, Language, MessageText, RequestId, TeamId, Timestamp, VisitorId,
    WorkspaceId,
};
use events::common::AuthorRole;
use fault::{Fault, Kind as FaultKind, Result};
use rpc::Deadline;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::opening_hours_service_client::OpeningHoursServiceClient;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use rpc::conversation::{
    GetAgentRequest, GetChannelRequest, GetConversationRequest, GetOpeningRequest, ListTeamsRequest,
    ResolveConversationRequest, StartConversationRequest,
};
use tonic::transport::Channel;

/// conversation-service, which owns channels, teams and conversations.
#[derive(Debug, Clone)]
pub(crate) struct Conversations {
    workspaces: WorkspaceServiceClient<Channel>,
    conversations: ConversationServiceClient<Channel>,
    hours: OpeningHoursServiceClient<Channel>,
}

/// Where chats come in.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    pub(crate) channel: ChannelId,
    pub(crate) kind: Kind,
    pub(crate) team: Option<TeamId>,
    pub(crate) language: Language,
}

impl Entrance {
    /// For the team that was named, if one was.
    pub(crate) fn of_team(self, named: Option<TeamId>) -> Self {
        Self {
            team: named.or(self.team),
            ..self
        }
    }

    /// What is asked of who serves a chat that came in here.
    pub(crate) fn request(self, about: About, priority: u8, routing: &ChannelRouting) -> NewRequest {
        NewRequest {
            need: Need {
                channel: self.channel,
                kind: self.kind,
                team: self.team,
                language: Some(self.language),
            },
            about,
            priority,
            alert_seconds: routing.alert_seconds,
            last_agent_seconds: routing.last_agent_seconds,
        }
    }
}

/// A conversation that an agent began.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) conversation: ConversationId,
    pub(crate) number: u64,
}

/// What an agent says first, to whom.
pub(crate) struct FirstWords<'a> {
    /// The same request begins one conversation.
    pub(crate) request: RequestId,
    pub(crate) channel: &'a ChannelId,
    pub(crate) visitor: VisitorId,
    pub(crate) agent: &'a AgentId,
    pub(crate) text: &'a MessageText,
}

/// A conversation as its owner has it now.
#[derive(Debug, Clone)]
pub(crate) struct Present {
    pub(crate) channel: ChannelId,
    pub(crate) visitor: Option<VisitorId>,
    pub(crate) contact: Option<ContactId>,
    /// Whom it is for, where that was named; else the channel's.
    pub(crate) team: Option<TeamId>,
    pub(crate) is_resolved: bool,
    pub(crate) has_customer_written: bool,
}

impl Conversations {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            workspaces: WorkspaceServiceClient::new(channel.clone()),
            conversations: ConversationServiceClient::new(channel.clone()),
            hours: OpeningHoursServiceClient::new(channel),
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
        Ok(Entrance {
            channel: id.clone(),
            kind: kind.ok_or_else(|| Fault::internal("an answer with a channel of no kind"))?,
            team: TeamId::parse_optional(&settings.team)?,
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
            team: TeamId::parse_optional(&found.team)?,
            is_resolved: found.resolved_at.is_some(),
            has_customer_written: found.customer_up_to > 0,
        })
    }

    /// Is a team open at this moment?
    pub(crate) async fn get_opening(&self, workspace: &WorkspaceId, team: &TeamId, at: Timestamp) -> Result<Opening> {
        let request = GetOpeningRequest {
            workspace: workspace.to_string(),
            team: team.to_string(),
            at: Some(events::stamp(at)),
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.hours.clone();
            async move { client.get_opening(request).await }
        })
        .await?;
        Ok(Opening {
            is_open: reply.open,
            until: events::instant(reply.until),
            version: reply.version,
        })
    }

    /// Opens the conversation in which an agent speaks first. Idempotent by the request.
    pub(crate) async fn start_chat(&self, workspace: &WorkspaceId, words: FirstWords<'_>) -> Result<Begun> {
        let request = StartConversationRequest {
            workspace: workspace.to_string(),
            request_id: format!("request/{}", words.request),
            channel: words.channel.to_string(),
            visitor: words.visitor.to_string(),
            author: AuthorRole::Agent.into(),
            agent: words.agent.to_string(),
            text: words.text.expose().to_owned(),
            ..Default::default()
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.conversations.clone();
            async move { client.start_conversation(request).await }
        })
        .await?;
        let begun = reply
            .conversation
            .ok_or_else(|| Fault::internal("an answer without a conversation"))?;
        Ok(Begun {
            conversation: ConversationId::parse(&begun.conversation)?,
            number: begun.number,
        })
    }

    /// Marks a conversation as settled. Idempotent.
    pub(crate) async fn resolve_conversation(&self, workspace: &WorkspaceId, id: ConversationId) -> Result<()> {
        let request = ResolveConversationRequest {
            workspace: workspace.to_string(),
            conversation: id.to_string(),
        };
        rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.conversations.clone();
            async move { client.resolve_conversation(request).await }
        })
        .await
        .map(drop)
    }

    /// The teams that an agent is in; refused by the name of the field where there is no such agent.
    pub(crate) async fn teams_of(
        &self,
        workspace: &WorkspaceId,
        field: &'static str,
        agent: &AgentId,
    ) -> Result<Membership> {
        let request = GetAgentRequest {
            workspace: workspace.to_string(),
            agent: agent.to_string(),
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.workspaces.clone();
            async move { client.get_agent(request).await }
        })
        .await;
        let found = match reply {
            Err(fault) if fault.kind() == FaultKind::NotFound => {
                return Err(Fault::invalid(
                    field,
                    format!("names {agent}, who does not exist; create them first"),
                ));
            }
            reply => reply?.agent.unwrap_or_default(),
        };
        let teams = found.teams.iter().map(|team| Ok(TeamId::parse(team)?));
        Ok(Membership {
            teams: teams.collect::<Result<_>>()?,
            version: found.teams_version,
        })
    }

    /// Is there such a team?
    pub(crate) async fn has_team(&self, workspace: &WorkspaceId, id: &TeamId) -> Result<bool> {
        Ok(self.list_teams(workspace).await?.contains(id))
    }

    /// All teams.
    pub(crate) async fn list_teams(&self, workspace: &WorkspaceId) -> Result<Vec<TeamId>> {
        let request = ListTeamsRequest {
            workspace: workspace.to_string(),
        };
        let reply = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.workspaces.clone();
            async move { client.list_teams(request).await }
        })
        .await?;
        let teams = reply.teams.iter().map(|team| Ok(TeamId::parse(&team.team)?));
        teams.collect()
    }
}
