//! Which role may see and change which fields of contacts, and who has which.

use super::extract::{Admin, Body, May, Params};
use super::problem::Answer;
use super::wire::{optional, time};
use crate::app::authenticate_token::Caller;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::{AgentId, IntegrationId};
use fault::{Fault, Result};
use rpc::contacts::{
    self as wire, AssignRoleRequest, ListRoleChangesRequest, ListRolesRequest, RemoveRoleRequest, SetRoleRequest,
};
use rpc::conversation::{GetAgentRequest, ListIntegrationsRequest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What a role may do with a field; each may do what the ones before it may.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldAccess {
    /// Not even see it.
    Hidden,
    See,
    Edit,
}

impl FieldAccess {
    fn to_wire(self) -> wire::FieldAccess {
        match self {
            Self::Hidden => wire::FieldAccess::Hidden,
            Self::See => wire::FieldAccess::See,
            Self::Edit => wire::FieldAccess::Edit,
        }
    }

    fn of_wire(access: i32) -> Self {
        match wire::FieldAccess::try_from(access) {
            Ok(wire::FieldAccess::See) => Self::See,
            Ok(wire::FieldAccess::Edit) => Self::Edit,
            Ok(wire::FieldAccess::Hidden | wire::FieldAccess::Unspecified) | Err(_) => Self::Hidden,
        }
    }
}

/// A role.
#[derive(Serialize, ToSchema)]
pub struct Role {
    /// owner, admin, agent, limited_agent and integration are built in.
    role: String,
    /// hidden, see or edit of each of name, phones, emails, external_ids, page_scoped_ids, profiles, time_zone, stage, source, tags, data, purchases, interactions
    /// and consents.
    fields: BTreeMap<String, FieldAccess>,
    /// Every workspace has it.
    built_in: bool,
}

/// The roles of a workspace.
#[derive(Serialize, ToSchema)]
pub struct Roles {
    /// Grows by one with each change.
    version: u64,
    /// By name.
    roles: Vec<Role>,
    /// Roles by integration; one that is not named has the role integration.
    integrations: BTreeMap<String, String>,
    /// Roles by agent; one that is not named has the role that a call names.
    agents: BTreeMap<String, String>,
}

impl Roles {
    fn answered(roles: Option<wire::Roles>) -> Result<Json<Self>> {
        let told = roles.ok_or_else(|| Fault::internal("an answer without roles"))?;
        let role = |role: wire::Role| Role {
            role: role.role,
            fields: role
                .fields
                .into_iter()
                .map(|(field, access)| (field, FieldAccess::of_wire(access)))
                .collect(),
            built_in: role.built_in,
        };
        Ok(Json(Self {
            version: told.version,
            roles: told.roles.into_iter().map(role).collect(),
            integrations: told.integrations.into_iter().collect(),
            agents: told.agents.into_iter().collect(),
        }))
    }
}

/// What a role is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// Fields that are not named stay; of a new role they are hidden.
    #[serde(deserialize_with = "serde_with::rust::maps_duplicate_key_is_error::deserialize")]
    fields: BTreeMap<String, FieldAccess>,
    /// The one that was read; 0: whatever it is.
    #[serde(default)]
    version: u64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RemoveRole {
    /// The one that was read; 0: whatever it is.
    #[serde(default)]
    version: u64,
}

/// The role that an integration or an agent is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignRole {
    /// Empty: none of its own, so the role integration; of an agent the one that a call names.
    role: String,
    /// The one that was read; 0: whatever it is.
    #[serde(default)]
    version: u64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListRoleChanges {
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of changes of roles.
#[derive(Serialize, ToSchema)]
pub struct RoleChangePage {
    changes: Vec<RoleChange>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// One change of the roles.
#[derive(Serialize, ToSchema)]
pub struct RoleChange {
    version: u64,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    by: String,
    /// For example `limited_agent.phones: hidden > see`, or `helpdesk: integration > agent`.
    changes: Vec<String>,
}

/// All roles, the built-in ones too, and which integration has which.
#[utoipa::path(get, path = "/v1/roles", tag = "contacts", security(("api_token" = ["admin"])),
    responses((status = 200, body = Roles),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_roles(State(edge): State<Arc<Edge>>, May(caller, _): May<Admin>) -> Answer<Json<Roles>> {
    let request = ListRolesRequest {
        workspace: caller.workspace.to_string(),
    };
    Ok(Roles::answered(edge.contacts.list_roles(request).await?.roles)?)
}

/// Makes a role, or changes the fields that are named. 409 where the version is another one by now.
#[utoipa::path(patch, path = "/v1/roles/{role}", tag = "contacts",
    params(("role" = String, Path, description = "1 to 40 of a-z, 0-9 and _, beginning with a letter")),
    request_body = SetRole, security(("api_token" = ["admin"])), responses((status = 200, body = Roles),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_role(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(role): Path<String>,
    Body(body): Body<SetRole>,
) -> Answer<Json<Roles>> {
    let fields = body.fields.into_iter();
    let request = SetRoleRequest {
        workspace: caller.workspace.to_string(),
        role,
        fields: fields.map(|(field, access)| (field, access.to_wire().into())).collect(),
        version: body.version,
        by: caller.by(),
    };
    Ok(Roles::answered(edge.contacts.set_role(request).await?.roles)?)
}

/// Removes a role of the workspace's own, or has a built-in one be as it was at first. 409 while an integration has it.
#[utoipa::path(delete, path = "/v1/roles/{role}", tag = "contacts",
    params(("role" = String, Path, description = "Its name"), RemoveRole), security(("api_token" = ["admin"])),
    responses((status = 200, body = Roles),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn remove_role(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(role): Path<String>,
    Params(params): Params<RemoveRole>,
) -> Answer<Json<Roles>> {
    let request = RemoveRoleRequest {
        workspace: caller.workspace.to_string(),
        role,
        version: params.version,
        by: caller.by(),
    };
    Ok(Roles::answered(edge.contacts.remove_role(request).await?.roles)?)
}

/// Gives an integration a role: what its token sees and changes of contacts, whatever scopes it has.
#[utoipa::path(put, path = "/v1/integrations/{integration}/role", tag = "contacts",
    params(("integration" = String, Path, description = "Slug")), request_body = AssignRole,
    security(("api_token" = ["admin"])), responses((status = 200, body = Roles),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn assign_role(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(integration): Path<String>,
    Body(body): Body<AssignRole>,
) -> Answer<Json<Roles>> {
    let integration = IntegrationId::parse(&integration)?;
    check_integration(&edge, &caller, &integration).await?;
    let request = AssignRoleRequest {
        workspace: caller.workspace.to_string(),
        integration: integration.to_string(),
        role: body.role,
        version: body.version,
        by: caller.by(),
        agent: String::new(),
    };
    Ok(Roles::answered(edge.contacts.assign_role(request).await?.roles)?)
}

/// Gives an agent a role: in it whoever calls for them sees and changes contacts, whether Homing-Role names it or not.
#[utoipa::path(put, path = "/v1/agents/{agent}/role", tag = "contacts",
    params(("agent" = String, Path, description = "Slug")), request_body = AssignRole,
    security(("api_token" = ["admin"])), responses((status = 200, body = Roles),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn assign_agent_role(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(agent): Path<String>,
    Body(body): Body<AssignRole>,
) -> Answer<Json<Roles>> {
    let agent = AgentId::parse(&agent)?;
    let known = GetAgentRequest {
        workspace: caller.workspace.to_string(),
        agent: agent.to_string(),
    };
    // One that does not exist is refused: the one that was meant would keep what they have.
    edge.conversations.get_agent(known).await?;
    let request = AssignRoleRequest {
        workspace: caller.workspace.to_string(),
        agent: agent.to_string(),
        role: body.role,
        version: body.version,
        by: caller.by(),
        integration: String::new(),
    };
    Ok(Roles::answered(edge.contacts.assign_role(request).await?.roles)?)
}

/// Refuses an integration that does not exist: the one that was meant would keep its rights.
async fn check_integration(edge: &Edge, caller: &Caller, id: &IntegrationId) -> Result<(), Fault> {
    let mut request = ListIntegrationsRequest {
        workspace: caller.workspace.to_string(),
        page_size: 200,
        page_token: String::new(),
    };
    loop {
        let page = edge.conversations.list_integrations(request.clone()).await?;
        if page.integrations.iter().any(|one| one.integration == id.as_str()) {
            return Ok(());
        }
        if page.next_page_token.is_empty() {
            return Err(Fault::not_found("integration"));
        }
        request.page_token = page.next_page_token;
    }
}

/// What was changed of the roles, by whom and when, newest first.
#[utoipa::path(get, path = "/v1/role-changes", tag = "contacts", params(ListRoleChanges),
    security(("api_token" = ["admin"])), responses((status = 200, body = RoleChangePage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_role_changes(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Params(params): Params<ListRoleChanges>,
) -> Answer<Json<RoleChangePage>> {
    let request = ListRoleChangesRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.contacts.list_role_changes(request).await?;
    let change = |change: wire::RoleChange| RoleChange {
        version: change.version,
        at: time(change.at),
        by: change.by,
        changes: change.changes,
    };
    Ok(Json(RoleChangePage {
        changes: page.changes.into_iter().map(change).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}
