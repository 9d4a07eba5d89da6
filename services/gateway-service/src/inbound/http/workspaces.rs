//! The caller's workspace, its teams, and what its integrations may do.

use super::extract::{Admin, Body, May, Params, Read};
use super::problem::Answer;
use super::wire::{optional, time};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::IntegrationId;
use fault::Fault;
use prost_types::FieldMask;
use rpc::conversation::{
    self as wire, GetWorkspaceRequest, ListIntegrationsRequest, ListTeamsRequest, UpdateIntegrationRequest,
    UpdateWorkspaceRequest,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A tenant.
#[derive(Serialize, ToSchema)]
pub struct Workspace {
    workspace: String,
    /// Business name of channels that are created from now on.
    name: String,
    /// IANA name.
    time_zone: String,
    /// en, pl or fr.
    language: String,
    /// Where agents open a conversation, with places for `{conversation}` and `{number}`; absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    console_url: Option<String>,
    /// Grows by one with each change.
    version: u64,
}

impl Workspace {
    fn new(workspace: Option<wire::Workspace>, version: u64) -> Result<Self, Fault> {
        let found = workspace.ok_or_else(|| Fault::not_found("workspace"))?;
        Ok(Self {
            workspace: found.workspace,
            name: found.name,
            time_zone: found.time_zone,
            language: found.language,
            console_url: optional(found.console_url),
            version,
        })
    }
}

/// What to change; only the fields that are present are meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWorkspace {
    /// 1 to 60 characters.
    #[serde(default)]
    name: Option<String>,
    /// IANA name, for example Europe/Warsaw.
    #[serde(default)]
    time_zone: Option<String>,
    #[serde(default)]
    language: Option<String>,
    /// Where mails to agents lead: an https URL in which `{conversation}` and `{number}` may stand behind the host; empty: nowhere.
    #[serde(default)]
    console_url: Option<String>,
    /// The one that was read; 0: whatever it is.
    #[serde(default)]
    version: u64,
}

/// A group of agents.
#[derive(Serialize, ToSchema)]
pub struct Team {
    team: String,
    name: String,
    agents: Vec<String>,
}

/// All teams of the workspace, by id.
#[derive(Serialize, ToSchema)]
pub struct Teams {
    teams: Vec<Team>,
}

/// What a token may do.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Ingest,
    Read,
    Write,
    Admin,
    Contacts,
    Facts,
    Privacy,
}

impl Scope {
    fn to_wire(self) -> wire::Scope {
        match self {
            Self::Ingest => wire::Scope::Ingest,
            Self::Read => wire::Scope::Read,
            Self::Write => wire::Scope::Write,
            Self::Admin => wire::Scope::Admin,
            Self::Contacts => wire::Scope::Contacts,
            Self::Facts => wire::Scope::Facts,
            Self::Privacy => wire::Scope::Privacy,
        }
    }

    fn of_wire(scope: wire::Scope) -> Option<Self> {
        let all = [
            Self::Ingest,
            Self::Read,
            Self::Write,
            Self::Admin,
            Self::Contacts,
            Self::Facts,
            Self::Privacy,
        ];
        all.into_iter().find(|one| one.to_wire() == scope)
    }
}

/// An integration's scopes, in a change as in the answer to it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scopes {
    /// None: revoked, its token is no valid one.
    scopes: Vec<Scope>,
}

/// The workspace of the token.
#[utoipa::path(get, path = "/v1/workspace", tag = "workspace", security(("api_token" = ["read"])),
    responses((status = 200, body = Workspace),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_workspace(State(edge): State<Arc<Edge>>, May(caller, _): May<Read>) -> Answer<Json<Workspace>> {
    let request = GetWorkspaceRequest {
        workspace: caller.workspace.to_string(),
    };
    let answer = edge.conversations.get_workspace(request).await?;
    Ok(Json(Workspace::new(answer.workspace, answer.version)?))
}

/// Changes what is present.
#[utoipa::path(patch, path = "/v1/workspace", tag = "workspace", request_body = UpdateWorkspace,
    security(("api_token" = ["admin"])), responses((status = 200, body = Workspace),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn update_workspace(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Body(body): Body<UpdateWorkspace>,
) -> Answer<Json<Workspace>> {
    let fields = [
        ("name", body.name.is_some()),
        ("time_zone", body.time_zone.is_some()),
        ("language", body.language.is_some()),
        ("console_url", body.console_url.is_some()),
    ];
    let paths = fields.into_iter().filter(|(_, meant)| *meant);
    let paths: Vec<String> = paths.map(|(path, _)| path.to_owned()).collect();
    if paths.is_empty() {
        return Err(Fault::invalid("body", "names nothing to change").into());
    }
    let request = UpdateWorkspaceRequest {
        workspace: Some(wire::Workspace {
            workspace: caller.workspace.to_string(),
            name: body.name.unwrap_or_default(),
            time_zone: body.time_zone.unwrap_or_default(),
            language: body.language.unwrap_or_default(),
            console_url: body.console_url.unwrap_or_default(),
        }),
        mask: Some(FieldMask { paths }),
        version: body.version,
    };
    let answer = edge.conversations.update_workspace(request).await?;
    Ok(Json(Workspace::new(answer.workspace, answer.version)?))
}

/// The workspace's teams with their agents.
#[utoipa::path(get, path = "/v1/teams", tag = "workspace", security(("api_token" = ["read"])),
    responses((status = 200, body = Teams),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_teams(State(edge): State<Arc<Edge>>, May(caller, _): May<Read>) -> Answer<Json<Teams>> {
    let request = ListTeamsRequest {
        workspace: caller.workspace.to_string(),
    };
    let answer = edge.conversations.list_teams(request).await?;
    let teams = answer.teams.into_iter().map(|found| Team {
        team: found.team,
        name: found.name,
        agents: found.agents,
    });
    Ok(Json(Teams { teams: teams.collect() }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListIntegrations {
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// Another system that publishes events or uses the API.
#[derive(Serialize, ToSchema)]
pub struct Integration {
    integration: String,
    /// None: revoked.
    scopes: Vec<Scope>,
    /// When its present token was made.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    token_at: Option<String>,
}

impl From<wire::Integration> for Integration {
    fn from(found: wire::Integration) -> Self {
        Self {
            scopes: found.scopes().filter_map(Scope::of_wire).collect(),
            token_at: time(found.token_at),
            integration: found.integration,
        }
    }
}

/// A page of integrations.
#[derive(Serialize, ToSchema)]
pub struct IntegrationPage {
    integrations: Vec<Integration>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// The workspace's integrations by id, without their tokens.
#[utoipa::path(get, path = "/v1/integrations", tag = "workspace", params(ListIntegrations),
    security(("api_token" = ["admin"])), responses((status = 200, body = IntegrationPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_integrations(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Params(params): Params<ListIntegrations>,
) -> Answer<Json<IntegrationPage>> {
    let request = ListIntegrationsRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.conversations.list_integrations(request).await?;
    Ok(Json(IntegrationPage {
        integrations: page.integrations.into_iter().map(Into::into).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

/// Replaces what an integration's token may do. It takes some seconds until every door knows.
#[utoipa::path(patch, path = "/v1/integrations/{integration}", tag = "workspace",
    params(("integration" = String, Path, description = "Slug")), request_body = Scopes,
    security(("api_token" = ["admin"])), responses((status = 200, body = Scopes),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn update_integration(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(integration): Path<String>,
    Body(body): Body<Scopes>,
) -> Answer<Json<Scopes>> {
    let request = UpdateIntegrationRequest {
        workspace: caller.workspace.to_string(),
        integration: IntegrationId::parse(&integration)?.to_string(),
        scopes: body.scopes.iter().map(|scope| scope.to_wire().into()).collect(),
        revoked: body.scopes.is_empty(),
    };
    let answer = edge.conversations.update_integration(request).await?;
    Ok(Json(Scopes {
        scopes: answer.scopes().filter_map(Scope::of_wire).collect(),
    }))
}
