//! WorkspaceService: from messages to use cases and back.

use crate::app::{App, WorkspaceChange};
use crate::domain::agent::{Agent, AgentChange};
use crate::domain::settings::{Channel, Field};
use crate::domain::token::Scope;
use crate::outbound::postgres::workspace::Workspace;
use crate::wire;
use domain::{AgentId, ChannelId, Email, IntegrationId, TeamId, WorkspaceId};
use events::{common, stamp};
use fault::{Fault, Result};
use rpc::conversation as proto;
use rpc::conversation::workspace_service_server::WorkspaceService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// The rpcs of workspaces.
#[derive(Debug, Clone)]
pub struct Workspaces {
    app: App,
}

impl Workspaces {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn create_workspace(&self, request: proto::CreateWorkspaceRequest) -> Result<proto::CreateWorkspaceResponse> {
        let wanted = request
            .workspace
            .ok_or_else(|| Fault::invalid("workspace", "is missing"))?;
        let id = WorkspaceId::parse(&wanted.workspace)?;
        let wanted = Workspace {
            name: wanted.name,
            time_zone: wanted.time_zone,
            language: wanted.language,
            console_url: wanted.console_url,
        };
        let made = self.app.create_workspace(&id, wanted).await?;
        Ok(proto::CreateWorkspaceResponse {
            workspace: Some(workspace(&id, made)),
        })
    }

    async fn get_workspace(&self, request: proto::GetWorkspaceRequest) -> Result<proto::GetWorkspaceResponse> {
        let id = WorkspaceId::parse(&request.workspace)?;
        let (found, version) = self.app.get_workspace(&id).await?;
        Ok(proto::GetWorkspaceResponse {
            workspace: Some(workspace(&id, found)),
            version,
        })
    }

    async fn update_workspace(&self, request: proto::UpdateWorkspaceRequest) -> Result<proto::UpdateWorkspaceResponse> {
        let wanted = request
            .workspace
            .ok_or_else(|| Fault::invalid("workspace", "is missing"))?;
        let id = WorkspaceId::parse(&wanted.workspace)?;
        let mut change = WorkspaceChange::default();
        let paths = request.mask.map(|mask| mask.paths).unwrap_or_default();
        for path in &paths {
            match path.as_str() {
                "name" => change.name = Some(wanted.name.clone()),
                "time_zone" => change.time_zone = Some(wanted.time_zone.clone()),
                "language" => change.language = Some(wanted.language.clone()),
                "console_url" => change.console_url = Some(wanted.console_url.clone()),
                _ => {
                    let remedy = "may name name, time_zone, language and console_url only";
                    return Err(Fault::invalid("mask", remedy));
                }
            }
        }
        if paths.is_empty() {
            return Err(Fault::invalid("mask", "must name what to change"));
        }
        let (next, version) = self.app.update_workspace(&id, change, request.version).await?;
        Ok(proto::UpdateWorkspaceResponse {
            workspace: Some(workspace(&id, next)),
            version,
        })
    }

    async fn create_channel(&self, request: proto::CreateChannelRequest) -> Result<proto::CreateChannelResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (id, kind) = (ChannelId::parse(&request.channel)?, wire::kind_of(request.kind)?);
        let (mask, settings) = (mask(request.mask)?, request.settings.unwrap_or_default());
        if mask.is_empty() && settings != common::ChannelSettings::default() {
            return Err(Fault::invalid("mask", "must name the settings that are meant"));
        }
        let settings = wire::settings_of(settings, &mask)?;
        let made = self.app.create_channel(&workspace, id, kind, &settings, &mask).await?;
        Ok(proto::CreateChannelResponse {
            channel: Some(channel(&made)),
        })
    }

    async fn get_channel(&self, request: proto::GetChannelRequest) -> Result<proto::GetChannelResponse> {
        let (workspace, id) = (
            WorkspaceId::parse(&request.workspace)?,
            ChannelId::parse(&request.channel)?,
        );
        let found = self.app.get_channel(&workspace, &id).await?;
        Ok(proto::GetChannelResponse {
            channel: Some(channel(&found)),
        })
    }

    async fn list_channels(&self, request: proto::ListChannelsRequest) -> Result<proto::ListChannelsResponse> {
        let found = self.app.list_channels(&WorkspaceId::parse(&request.workspace)?).await?;
        Ok(proto::ListChannelsResponse {
            channels: found.iter().map(channel).collect(),
        })
    }

    async fn update_channel(&self, request: proto::UpdateChannelRequest) -> Result<proto::UpdateChannelResponse> {
        let (workspace, id) = (
            WorkspaceId::parse(&request.workspace)?,
            ChannelId::parse(&request.channel)?,
        );
        let mask = mask(request.mask)?;
        if mask.is_empty() {
            return Err(Fault::invalid("mask", "must name the settings to change"));
        }
        let settings = wire::settings_of(request.settings.unwrap_or_default(), &mask)?;
        let next = self
            .app
            .update_channel(&workspace, &id, &settings, &mask, request.version)
            .await?;
        Ok(proto::UpdateChannelResponse {
            channel: Some(channel(&next)),
        })
    }

    async fn create_team(&self, request: proto::CreateTeamRequest) -> Result<proto::CreateTeamResponse> {
        let (workspace, team) = (WorkspaceId::parse(&request.workspace)?, TeamId::parse(&request.team)?);
        self.app.create_team(&workspace, &team, &request.name).await?;
        Ok(proto::CreateTeamResponse {})
    }

    async fn list_teams(&self, request: proto::ListTeamsRequest) -> Result<proto::ListTeamsResponse> {
        let found = self.app.list_teams(&WorkspaceId::parse(&request.workspace)?).await?;
        let teams = found.into_iter().map(|team| proto::Team {
            team: team.id,
            name: team.name,
            agents: team.agents,
        });
        Ok(proto::ListTeamsResponse { teams: teams.collect() })
    }

    async fn create_agent(&self, request: proto::CreateAgentRequest) -> Result<proto::CreateAgentResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (id, teams) = (AgentId::parse(&request.agent)?, teams_of(&request.teams)?);
        let new = Agent::new(id, request.display_name, teams, email_of(&request.email)?)?;
        self.app.create_agent(&workspace, &new).await?;
        Ok(proto::CreateAgentResponse {})
    }

    async fn get_agent(&self, request: proto::GetAgentRequest) -> Result<proto::GetAgentResponse> {
        let (workspace, id) = (WorkspaceId::parse(&request.workspace)?, AgentId::parse(&request.agent)?);
        let found = self.app.get_agent(&workspace, &id).await?;
        Ok(proto::GetAgentResponse {
            agent: Some(agent(found)),
        })
    }

    async fn update_agent(&self, request: proto::UpdateAgentRequest) -> Result<proto::UpdateAgentResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let wanted = request.agent.ok_or_else(|| Fault::invalid("agent", "is missing"))?;
        let id = AgentId::parse(&wanted.agent)?;
        let mut change = AgentChange::default();
        let paths = request.mask.map(|mask| mask.paths).unwrap_or_default();
        for path in &paths {
            match path.as_str() {
                "display_name" => change.display_name = Some(wanted.display_name.clone()),
                "teams" => change.teams = Some(teams_of(&wanted.teams)?),
                "email" => change.email = Some(email_of(&wanted.email)?),
                _ => return Err(Fault::invalid("mask", "may name display_name, teams and email only")),
            }
        }
        if paths.is_empty() {
            return Err(Fault::invalid("mask", "must name what to change"));
        }
        let next = self.app.update_agent(&workspace, &id, change).await?;
        Ok(proto::UpdateAgentResponse {
            agent: Some(agent(next)),
        })
    }

    async fn create_integration(
        &self,
        request: proto::CreateIntegrationRequest,
    ) -> Result<proto::CreateIntegrationResponse> {
        let (workspace, id) = (
            WorkspaceId::parse(&request.workspace)?,
            IntegrationId::parse(&request.integration)?,
        );
        let scopes: Result<Vec<Scope>> = request.scopes.iter().map(|number| scope_of(*number)).collect();
        let made = self.app.create_integration(&workspace, &id, scopes?).await?;
        Ok(proto::CreateIntegrationResponse {
            token: made.token.map(|token| token.expose()).unwrap_or_default(),
            nats_user: made.nats_user,
        })
    }

    async fn update_integration(
        &self,
        request: proto::UpdateIntegrationRequest,
    ) -> Result<proto::UpdateIntegrationResponse> {
        let (workspace, id) = (
            WorkspaceId::parse(&request.workspace)?,
            IntegrationId::parse(&request.integration)?,
        );
        let scopes: Vec<Scope> = request
            .scopes
            .iter()
            .map(|number| scope_of(*number))
            .collect::<Result<_>>()?;
        if request.revoked && !scopes.is_empty() {
            return Err(Fault::invalid("revoked", "goes without scopes"));
        }
        let wanted = (!request.revoked).then_some(scopes);
        let next = self.app.update_integration(&workspace, &id, wanted).await?;
        Ok(proto::UpdateIntegrationResponse {
            scopes: next.into_iter().map(|one| scope(one).into()).collect(),
        })
    }

    async fn rotate_integration_token(
        &self,
        request: proto::RotateIntegrationTokenRequest,
    ) -> Result<proto::RotateIntegrationTokenResponse> {
        let (workspace, id) = (
            WorkspaceId::parse(&request.workspace)?,
            IntegrationId::parse(&request.integration)?,
        );
        let token = self.app.rotate_integration_token(&workspace, &id).await?;
        Ok(proto::RotateIntegrationTokenResponse { token: token.expose() })
    }

    async fn list_integrations(
        &self,
        request: proto::ListIntegrationsRequest,
    ) -> Result<proto::ListIntegrationsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (size, token) = (request.page_size, request.page_token);
        let (found, next_page_token) = self.app.list_integrations(&workspace, size, &token).await?;
        let integrations = found.into_iter().map(|one| proto::Integration {
            integration: one.id.to_string(),
            scopes: one.scopes.into_iter().map(|one| scope(one).into()).collect(),
            token_at: Some(stamp(one.token_at)),
        });
        Ok(proto::ListIntegrationsResponse {
            integrations: integrations.collect(),
            next_page_token,
        })
    }

    async fn authenticate_token(
        &self,
        request: proto::AuthenticateTokenRequest,
    ) -> Result<proto::AuthenticateTokenResponse> {
        let whose = self.app.authenticate_token(&request.token).await?;
        Ok(proto::AuthenticateTokenResponse {
            workspace: whose.workspace.to_string(),
            integration: whose.integration.to_string(),
            scopes: whose.scopes.into_iter().map(|one| scope(one).into()).collect(),
        })
    }
}

fn workspace(id: &WorkspaceId, found: Workspace) -> proto::Workspace {
    proto::Workspace {
        workspace: id.to_string(),
        name: found.name,
        time_zone: found.time_zone,
        language: found.language,
        console_url: found.console_url,
    }
}

fn channel(channel: &Channel) -> proto::Channel {
    proto::Channel {
        channel: channel.id.to_string(),
        kind: wire::kind(channel.kind).into(),
        settings: Some(wire::settings(&channel.settings)),
        version: channel.version,
    }
}

fn mask(mask: Option<prost_types::FieldMask>) -> Result<Vec<Field>> {
    let paths = mask.map(|mask| mask.paths).unwrap_or_default();
    Ok(paths.iter().map(|path| Field::parse(path)).collect::<Result<_, _>>()?)
}

fn scope(scope: Scope) -> proto::Scope {
    match scope {
        Scope::Ingest => proto::Scope::Ingest,
        Scope::Read => proto::Scope::Read,
        Scope::Write => proto::Scope::Write,
        Scope::Admin => proto::Scope::Admin,
        Scope::Contacts => proto::Scope::Contacts,
        Scope::Facts => proto::Scope::Facts,
        Scope::Privacy => proto::Scope::Privacy,
    }
}

fn scope_of(number: i32) -> Result<Scope> {
    match proto::Scope::try_from(number) {
        Ok(proto::Scope::Ingest) => Ok(Scope::Ingest),
        Ok(proto::Scope::Read) => Ok(Scope::Read),
        Ok(proto::Scope::Write) => Ok(Scope::Write),
        Ok(proto::Scope::Admin) => Ok(Scope::Admin),
        Ok(proto::Scope::Contacts) => Ok(Scope::Contacts),
        Ok(proto::Scope::Facts) => Ok(Scope::Facts),
        Ok(proto::Scope::Privacy) => Ok(Scope::Privacy),
        Ok(proto::Scope::Unspecified) | Err(_) => Err(Fault::invalid(
            "scopes",
            "must be out of ingest, read, write, admin, contacts, facts, privacy",
        )),
    }
}

fn teams_of(slugs: &[String]) -> Result<Vec<TeamId>> {
    let teams: Result<_, _> = slugs.iter().map(|team| TeamId::parse(team)).collect();
    Ok(teams.map_err(|wrong| wrong.of("teams"))?)
}

/// Empty: none.
fn email_of(text: &str) -> Result<Option<Email>> {
    let text = Some(text).filter(|text| !text.is_empty());
    Ok(text.map(Email::parse).transpose()?)
}

fn agent(own: Agent) -> proto::Agent {
    proto::Agent {
        agent: own.id.to_string(),
        display_name: own.display_name,
        teams: own.teams.iter().map(TeamId::to_string).collect(),
        email: own.email.map(|email| email.expose().to_owned()).unwrap_or_default(),
        teams_version: own.teams_version,
    }
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl WorkspaceService for Workspaces {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    create_workspace: CreateWorkspaceRequest -> CreateWorkspaceResponse;
    get_workspace: GetWorkspaceRequest -> GetWorkspaceResponse;
    update_workspace: UpdateWorkspaceRequest -> UpdateWorkspaceResponse;
    create_channel: CreateChannelRequest -> CreateChannelResponse;
    get_channel: GetChannelRequest -> GetChannelResponse;
    list_channels: ListChannelsRequest -> ListChannelsResponse;
    update_channel: UpdateChannelRequest -> UpdateChannelResponse;
    create_team: CreateTeamRequest -> CreateTeamResponse;
    list_teams: ListTeamsRequest -> ListTeamsResponse;
    create_agent: CreateAgentRequest -> CreateAgentResponse;
    get_agent: GetAgentRequest -> GetAgentResponse;
    update_agent: UpdateAgentRequest -> UpdateAgentResponse;
    create_integration: CreateIntegrationRequest -> CreateIntegrationResponse;
    update_integration: UpdateIntegrationRequest -> UpdateIntegrationResponse;
    rotate_integration_token: RotateIntegrationTokenRequest -> RotateIntegrationTokenResponse;
    list_integrations: ListIntegrationsRequest -> ListIntegrationsResponse;
    authenticate_token: AuthenticateTokenRequest -> AuthenticateTokenResponse;
}
