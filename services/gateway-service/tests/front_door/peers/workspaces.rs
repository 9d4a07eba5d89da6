//! conversation-service's channels and tokens.

use super::{Answer, Peers, READER, SCOPES, STRANGER, TOKEN, answer, not_played, refuse, token_with, token_without};
use events::common::{ChannelSettings, FieldRule};
use fault::{Fault, codes};
use rpc::conversation::workspace_service_server::WorkspaceService;
use rpc::conversation::*;
use tonic::Request;

#[tonic::async_trait]
impl WorkspaceService for Peers {
    async fn get_channel(&self, request: Request<GetChannelRequest>) -> Answer<GetChannelResponse> {
        let request = request.into_inner();
        let origins = match (request.workspace.as_str(), request.channel.as_str()) {
            ("acme", "web" | "strict") => vec![],
            ("acme", "shop") => vec!["https://shop.example".to_owned()],
            _ => return Err(refuse(Fault::not_found("channel"))),
        };
        let asked = |rule: FieldRule| match request.channel.as_str() {
            "strict" => rule.into(),
            _ => FieldRule::Off.into(),
        };
        let settings = ChannelSettings {
            allowed_origins: origins,
            phone: asked(FieldRule::Required),
            email: asked(FieldRule::Optional),
            ..Default::default()
        };
        answer(GetChannelResponse {
            channel: Some(Channel {
                channel: request.channel,
                settings: Some(settings),
                version: 1,
                ..Default::default()
            }),
        })
    }

    async fn update_channel(&self, request: Request<UpdateChannelRequest>) -> Answer<UpdateChannelResponse> {
        let request = request.into_inner();
        self.memory().updates.push(request.clone());
        answer(UpdateChannelResponse {
            channel: Some(Channel {
                channel: request.channel,
                settings: request.settings,
                version: request.version + 1,
                ..Default::default()
            }),
        })
    }

    async fn get_workspace(&self, request: Request<GetWorkspaceRequest>) -> Answer<GetWorkspaceResponse> {
        answer(GetWorkspaceResponse {
            workspace: Some(Workspace {
                workspace: request.into_inner().workspace,
                name: "Acme".into(),
                time_zone: "Europe/Warsaw".into(),
                language: "pl".into(),
                console_url: String::new(),
            }),
            version: 1,
        })
    }

    async fn update_workspace(&self, request: Request<UpdateWorkspaceRequest>) -> Answer<UpdateWorkspaceResponse> {
        let request = request.into_inner();
        self.memory().workspaces.push(request.clone());
        answer(UpdateWorkspaceResponse {
            workspace: request.workspace,
            version: request.version + 1,
        })
    }

    async fn list_teams(&self, _: Request<ListTeamsRequest>) -> Answer<ListTeamsResponse> {
        answer(ListTeamsResponse {
            teams: vec![Team {
                team: "parcels".into(),
                name: "Parcels".into(),
                agents: vec!["ann".into()],
            }],
        })
    }

    async fn update_integration(
        &self,
        request: Request<UpdateIntegrationRequest>,
    ) -> Answer<UpdateIntegrationResponse> {
        let request = request.into_inner();
        self.memory().integrations.push(request.clone());
        answer(UpdateIntegrationResponse { scopes: request.scopes })
    }

    async fn list_integrations(&self, request: Request<ListIntegrationsRequest>) -> Answer<ListIntegrationsResponse> {
        let request = request.into_inner();
        let one = |integration: &str, scopes: &[Scope]| Integration {
            integration: integration.into(),
            scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
            token_at: Some(prost_types::Timestamp {
                seconds: 1_790_000_000,
                nanos: 0,
            }),
        };
        let (integrations, next) = match request.page_token.as_str() {
            "" => (one("crm", &[Scope::Read, Scope::Facts]), "more"),
            _ => (one("shop", &[]), ""),
        };
        answer(ListIntegrationsResponse {
            integrations: vec![integrations],
            next_page_token: next.into(),
        })
    }

    async fn authenticate_token(
        &self,
        request: Request<AuthenticateTokenRequest>,
    ) -> Answer<AuthenticateTokenResponse> {
        self.memory().authenticated += 1;
        let token = request.into_inner().token;
        let (integration, scopes) = match token.as_str() {
            TOKEN => ("helpdesk", SCOPES.to_vec()),
            READER => ("reader", vec![Scope::Read]),
            token if SCOPES.iter().any(|scope| token == token_with(*scope)) => (
                "single",
                SCOPES.into_iter().filter(|scope| token == token_with(*scope)).collect(),
            ),
            token if SCOPES.iter().any(|scope| token == token_without(*scope)) => (
                "most",
                SCOPES
                    .into_iter()
                    .filter(|scope| token != token_without(*scope))
                    .collect(),
            ),
            _ => return Err(refuse(Fault::new(&codes::UNAUTHENTICATED, "the token is not valid"))),
        };
        answer(AuthenticateTokenResponse {
            workspace: "acme".into(),
            integration: integration.into(),
            scopes: scopes.into_iter().map(Into::into).collect(),
        })
    }

    async fn create_workspace(&self, _: Request<CreateWorkspaceRequest>) -> Answer<CreateWorkspaceResponse> {
        not_played()
    }
    async fn create_channel(&self, _: Request<CreateChannelRequest>) -> Answer<CreateChannelResponse> {
        not_played()
    }
    async fn list_channels(&self, _: Request<ListChannelsRequest>) -> Answer<ListChannelsResponse> {
        not_played()
    }
    async fn create_team(&self, _: Request<CreateTeamRequest>) -> Answer<CreateTeamResponse> {
        not_played()
    }
    async fn create_agent(&self, _: Request<CreateAgentRequest>) -> Answer<CreateAgentResponse> {
        not_played()
    }
    async fn get_agent(&self, request: Request<GetAgentRequest>) -> Answer<GetAgentResponse> {
        let request = request.into_inner();
        if request.agent == STRANGER {
            return Err(refuse(Fault::not_found("agent")));
        }
        answer(GetAgentResponse {
            agent: Some(Agent {
                display_name: "Ann".into(),
                teams: vec!["parcels".into()],
                email: format!("{}@{}.example", request.agent, request.workspace),
                agent: request.agent,
                teams_version: 1,
            }),
        })
    }
    async fn update_agent(&self, request: Request<UpdateAgentRequest>) -> Answer<UpdateAgentResponse> {
        let request = request.into_inner();
        self.memory().agents.push(request.clone());
        answer(UpdateAgentResponse { agent: request.agent })
    }
    async fn create_integration(&self, _: Request<CreateIntegrationRequest>) -> Answer<CreateIntegrationResponse> {
        not_played()
    }
    async fn rotate_integration_token(
        &self,
        _: Request<RotateIntegrationTokenRequest>,
    ) -> Answer<RotateIntegrationTokenResponse> {
        not_played()
    }
}
