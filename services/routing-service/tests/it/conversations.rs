//! conversation-service as routing-service sees it.

use rpc::conversation as proto;
use rpc::conversation::workspace_service_server::{WorkspaceService, WorkspaceServiceServer};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// What conversation-service holds, and whether it answers.
#[derive(Default)]
pub struct Truth {
    pub is_away: bool,
    /// Workspace, team, agent.
    pub members: Vec<(String, String, String)>,
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

    not_needed! {
        create_workspace: proto::CreateWorkspaceRequest => proto::CreateWorkspaceResponse;
        get_workspace: proto::GetWorkspaceRequest => proto::GetWorkspaceResponse;
        update_workspace: proto::UpdateWorkspaceRequest => proto::UpdateWorkspaceResponse;
        create_channel: proto::CreateChannelRequest => proto::CreateChannelResponse;
        get_channel: proto::GetChannelRequest => proto::GetChannelResponse;
        list_channels: proto::ListChannelsRequest => proto::ListChannelsResponse;
        update_channel: proto::UpdateChannelRequest => proto::UpdateChannelResponse;
        create_team: proto::CreateTeamRequest => proto::CreateTeamResponse;
        create_agent: proto::CreateAgentRequest => proto::CreateAgentResponse;
        create_integration: proto::CreateIntegrationRequest => proto::CreateIntegrationResponse;
        update_integration: proto::UpdateIntegrationRequest => proto::UpdateIntegrationResponse;
        rotate_integration_token: proto::RotateIntegrationTokenRequest => proto::RotateIntegrationTokenResponse;
        list_integrations: proto::ListIntegrationsRequest => proto::ListIntegrationsResponse;
        authenticate_token: proto::AuthenticateTokenRequest => proto::AuthenticateTokenResponse;
    }
}
