//! conversation-service as routing-service sees it.

use ::domain::Timestamp;
use events::common::{ChannelKind, ChannelSettings};
use rpc::conversation as proto;
use rpc::conversation::conversation_service_server::{ConversationService, ConversationServiceServer};
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::opening_hours_service_server::{OpeningHoursService, OpeningHoursServiceServer};
use rpc::conversation::workspace_service_server::{WorkspaceService, WorkspaceServiceServer};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// What conversation-service holds, and whether it answers.
#[derive(Default)]
pub struct Truth {
    pub is_away: bool,
    /// It begins conversations, and the answer is lost.
    pub is_silent: bool,
    /// Workspace, team, agent.
    pub members: Vec<(String, String, String)>,
    /// Of the teams of everybody.
    pub teams_version: u64,
    /// Who is no agent; everybody else is.
    pub strangers: Vec<String>,
    /// By workspace and id.
    pub channels: HashMap<(String, String), proto::Channel>,
    pub conversations: HashMap<(String, String), proto::Conversation>,
    /// Conversations that were begun, by workspace and request.
    pub begun: HashMap<(String, String), String>,
    /// When teams open again, by workspace and team; the others are open.
    pub closed_until: HashMap<(String, String), Timestamp>,
    /// When those that are open then close, for good.
    pub open_until: HashMap<(String, String), Timestamp>,
    /// Of everybody's opening hours.
    pub hours_version: u64,
}

/// A stand-in for conversation-service.
#[derive(Clone)]
pub struct Conversations {
    truth: Arc<Mutex<Truth>>,
    pub url: String,
}

type Answer<T> = Result<Response<T>, Status>;

macro_rules! not_needed {
    ($($name:ident: $request:ty => $response:ty;)+) => {$(
        fn $name<'life0, 'async_trait>(
            &'life0 self,
            _: Request<$request>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Answer<$response>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async { Err(Status::unimplemented("not needed here")) })
        }
    )+};
}

impl Conversations {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let own = Self {
            truth: Arc::default(),
            url,
        };
        let server = tonic::transport::Server::builder()
            .add_service(WorkspaceServiceServer::new(own.clone()))
            .add_service(ConversationServiceServer::new(own.clone()))
            .add_service(OpeningHoursServiceServer::new(own.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        Ok(own)
    }

    pub fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().expect("nobody panics with it")
    }

    /// Puts an agent into a team.
    pub fn join(&self, workspace: &str, team: &str, agent: &str) {
        let member = (workspace.into(), team.into(), agent.into());
        self.truth().members.push(member);
    }

    /// Sets a channel up, in English; an empty team: none.
    pub fn channel(&self, workspace: &str, channel: &str, kind: ChannelKind, team: &str) {
        let set_up = proto::Channel {
            channel: channel.into(),
            kind: kind.into(),
            settings: Some(ChannelSettings {
                language: "en".into(),
                team: team.into(),
                ..Default::default()
            }),
            version: 1,
        };
        let key = (workspace.into(), channel.into());
        self.truth().channels.insert(key, set_up);
    }

    /// Opens a conversation of a visitor.
    pub fn open(&self, workspace: &str, channel: &str, conversation: &str, visitor: &str) {
        let opened = proto::Conversation {
            conversation: conversation.into(),
            channel: channel.into(),
            visitor: visitor.into(),
            ..Default::default()
        };
        let key = (workspace.into(), conversation.into());
        self.truth().conversations.insert(key, opened);
    }

    /// The customer of a conversation wrote.
    pub fn write(&self, workspace: &str, conversation: &str) {
        self.change(workspace, conversation, |one| one.customer_up_to = 1);
    }

    pub fn resolve(&self, workspace: &str, conversation: &str) {
        self.change(workspace, conversation, |one| {
            one.resolved_at = Some(Default::default())
        });
    }

    pub fn is_resolved(&self, workspace: &str, conversation: &str) -> bool {
        let key = (workspace.to_owned(), conversation.to_owned());
        self.truth().conversations[&key].resolved_at.is_some()
    }

    fn change(&self, workspace: &str, conversation: &str, change: impl FnOnce(&mut proto::Conversation)) {
        let key = (workspace.to_owned(), conversation.to_owned());
        self.truth().conversations.entry(key).and_modify(change);
    }

    fn answers(&self) -> Result<MutexGuard<'_, Truth>, Status> {
        let truth = self.truth();
        match truth.is_away {
            true => Err(Status::unavailable("away")),
            false => Ok(truth),
        }
    }
}

#[tonic::async_trait]
impl WorkspaceService for Conversations {
    async fn list_teams(&self, request: Request<proto::ListTeamsRequest>) -> Answer<proto::ListTeamsResponse> {
        let (workspace, truth) = (request.into_inner().workspace, self.answers()?);
        let mut teams: Vec<proto::Team> = Vec::new();
        for (_, team, agent) in truth.members.iter().filter(|(of, ..)| *of == workspace) {
            match teams.iter_mut().find(|known| known.team == *team) {
                Some(known) => known.agents.push(agent.clone()),
                None => teams.push(proto::Team {
                    team: team.clone(),
                    name: team.clone(),
                    agents: vec![agent.clone()],
                }),
            }
        }
        Ok(Response::new(proto::ListTeamsResponse { teams }))
    }

    async fn get_agent(&self, request: Request<proto::GetAgentRequest>) -> Answer<proto::GetAgentResponse> {
        let (request, truth) = (request.into_inner(), self.answers()?);
        if truth.strangers.contains(&request.agent) {
            return Err(rpc::to_status(&fault::Fault::not_found("agent")));
        }
        let own = |(of, _, agent): &&(String, String, String)| *of == request.workspace && *agent == request.agent;
        let mut teams: Vec<String> = truth
            .members
            .iter()
            .filter(own)
            .map(|(_, team, _)| team.clone())
            .collect();
        teams.sort();
        let agent = proto::Agent {
            agent: request.agent.clone(),
            display_name: request.agent.clone(),
            teams,
            teams_version: truth.teams_version,
            ..Default::default()
        };
        Ok(Response::new(proto::GetAgentResponse { agent: Some(agent) }))
    }

    async fn get_channel(&self, request: Request<proto::GetChannelRequest>) -> Answer<proto::GetChannelResponse> {
        let (request, truth) = (request.into_inner(), self.answers()?);
        let found = truth.channels.get(&(request.workspace, request.channel)).cloned();
        let channel = found.ok_or_else(|| rpc::to_status(&fault::Fault::not_found("channel")))?;
        Ok(Response::new(proto::GetChannelResponse { channel: Some(channel) }))
    }

    not_needed! {
        create_workspace: proto::CreateWorkspaceRequest => proto::CreateWorkspaceResponse;
        get_workspace: proto::GetWorkspaceRequest => proto::GetWorkspaceResponse;
        update_workspace: proto::UpdateWorkspaceRequest => proto::UpdateWorkspaceResponse;
        create_channel: proto::CreateChannelRequest => proto::CreateChannelResponse;
        list_channels: proto::ListChannelsRequest => proto::ListChannelsResponse;
        update_channel: proto::UpdateChannelRequest => proto::UpdateChannelResponse;
        create_team: proto::CreateTeamRequest => proto::CreateTeamResponse;
        create_agent: proto::CreateAgentRequest => proto::CreateAgentResponse;
        update_agent: proto::UpdateAgentRequest => proto::UpdateAgentResponse;
        create_integration: proto::CreateIntegrationRequest => proto::CreateIntegrationResponse;
        update_integration: proto::UpdateIntegrationRequest => proto::UpdateIntegrationResponse;
        rotate_integration_token: proto::RotateIntegrationTokenRequest => proto::RotateIntegrationTokenResponse;
        list_integrations: proto::ListIntegrationsRequest => proto::ListIntegrationsResponse;
        authenticate_token: proto::AuthenticateTokenRequest => proto::AuthenticateTokenResponse;
    }
}

#[tonic::async_trait]
impl OpeningHoursService for Conversations {
    async fn get_opening(&self, request: Request<proto::GetOpeningRequest>) -> Answer<proto::GetOpeningResponse> {
        let (request, truth) = (request.into_inner(), self.answers()?);
        let (at, team) = (events::instant(request.at), (request.workspace, request.team));
        let later = |until: &&Timestamp| at.is_none_or(|at| at < **until);
        let opens = truth.closed_until.get(&team).filter(later);
        let closes = truth.open_until.get(&team);
        let until = opens.or(closes.filter(later));
        Ok(Response::new(proto::GetOpeningResponse {
            open: opens.is_none() && closes.is_none_or(|closes| later(&closes)),
            until: until.map(|until| events::stamp(*until)),
            version: truth.hours_version,
        }))
    }

    not_needed! {
        set_opening_hours: proto::SetOpeningHoursRequest => proto::SetOpeningHoursResponse;
        get_opening_hours: proto::GetOpeningHoursRequest => proto::GetOpeningHoursResponse;
    }
}

#[tonic::async_trait]
impl ConversationService for Conversations {
    async fn start_conversation(
        &self,
        request: Request<proto::StartConversationRequest>,
    ) -> Answer<proto::StartConversationResponse> {
        let (request, mut truth) = (request.into_inner(), self.answers()?);
        let next = truth.begun.len() as u64 + 1;
        let key = (request.workspace.clone(), request.request_id);
        let id = Uuid::from_u128(0xc0de_0000 + u128::from(next)).to_string();
        let id = truth.begun.entry(key).or_insert(id).clone();
        let begun = proto::Conversation {
            conversation: id.clone(),
            number: next,
            channel: request.channel,
            visitor: request.visitor,
            ..Default::default()
        };
        let kept = truth
            .conversations
            .entry((request.workspace, id))
            .or_insert(begun)
            .clone();
        if truth.is_silent {
            return Err(Status::internal("the answer is lost"));
        }
        Ok(Response::new(proto::StartConversationResponse {
            conversation: Some(kept),
            message: None,
        }))
    }

    async fn resolve_conversation(
        &self,
        request: Request<proto::ResolveConversationRequest>,
    ) -> Answer<proto::ResolveConversationResponse> {
        let request = request.into_inner();
        self.resolve(&request.workspace, &request.conversation);
        Ok(Response::new(proto::ResolveConversationResponse { conversation: None }))
    }

    async fn get_conversation(
        &self,
        request: Request<proto::GetConversationRequest>,
    ) -> Answer<proto::GetConversationResponse> {
        let (request, truth) = (request.into_inner(), self.answers()?);
        let Some(By::Conversation(id)) = request.by else {
            return Err(Status::unimplemented("not needed here"));
        };
        let found = truth.conversations.get(&(request.workspace, id)).cloned();
        let found = found.ok_or_else(|| rpc::to_status(&fault::Fault::not_found("conversation")))?;
        Ok(Response::new(proto::GetConversationResponse {
            conversation: Some(found),
        }))
    }

    not_needed! {
        write_to_contact: proto::WriteToContactRequest => proto::WriteToContactResponse;
        list_conversations: proto::ListConversationsRequest => proto::ListConversationsResponse;
        add_contact: proto::AddContactRequest => proto::AddContactResponse;
        bind_contact: proto::BindContactRequest => proto::BindContactResponse;
        request_transcript: proto::RequestTranscriptRequest => proto::RequestTranscriptResponse;
        post_message: proto::PostMessageRequest => proto::PostMessageResponse;
        list_messages: proto::ListMessagesRequest => proto::ListMessagesResponse;
        report_delivery: proto::ReportDeliveryRequest => proto::ReportDeliveryResponse;
        mark_read: proto::MarkReadRequest => proto::MarkReadResponse;
        get_follow_up_context: proto::GetFollowUpContextRequest => proto::GetFollowUpContextResponse;
        ingest_events: proto::IngestEventsRequest => proto::IngestEventsResponse;
    }
}
