//! `homing.contacts.v1.RoleService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use crate::domain::name;
use crate::domain::roles::{Access, FieldGroup, Holder, RoleChange, RoleFields, RoleName, Roles};
use domain::{AgentId, IntegrationId, Invalid, WorkspaceId};
use fault::Result;
use rpc::contacts::role_service_server::RoleService;
use rpc::contacts::{
    self, AssignRoleRequest, AssignRoleResponse, FieldAccess, ListRoleChangesRequest, ListRoleChangesResponse,
    ListRolesRequest, ListRolesResponse, RemoveRoleRequest, RemoveRoleResponse, SetRoleRequest, SetRoleResponse,
};
use std::collections::{BTreeMap, HashMap};
use tonic::{Request, Response, Status};

impl Server {
    async fn do_list_roles(&self, request: ListRolesRequest) -> Result<ListRolesResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let found = self.contacts.list_roles(&workspace).await?;
        Ok(ListRolesResponse {
            roles: Some(roles(&found)),
        })
    }

    async fn do_set_role(&self, request: SetRoleRequest) -> Result<SetRoleResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (role, by) = (RoleName::parse(&request.role)?, name("by", &request.by)?);
        let change = (&role, &fields(&request.fields)?);
        let set = self.contacts.set_role(&workspace, change, request.version, &by).await?;
        Ok(SetRoleResponse {
            roles: Some(roles(&set)),
        })
    }

    async fn do_remove_role(&self, request: RemoveRoleRequest) -> Result<RemoveRoleResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (role, by) = (RoleName::parse(&request.role)?, name("by", &request.by)?);
        let left = self
            .contacts
            .remove_role(&workspace, &role, request.version, &by)
            .await?;
        Ok(RemoveRoleResponse {
            roles: Some(roles(&left)),
        })
    }

    async fn do_assign_role(&self, request: AssignRoleRequest) -> Result<AssignRoleResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let holder = match (request.integration.as_str(), request.agent.as_str()) {
            (integration, "") => Holder::Integration(IntegrationId::parse(integration)?),
            ("", agent) => Holder::Agent(AgentId::parse(agent)?),
            _ => return Err(Invalid::new("agent", "may not stand beside an integration; name one of them").into()),
        };
        let role = (!request.role.is_empty()).then(|| RoleName::parse(&request.role));
        let (role, by) = (role.transpose()?, name("by", &request.by)?);
        let whose = (&holder, role.as_ref());
        let assigned = self
            .contacts
            .assign_role(&workspace, whose, request.version, &by)
            .await?;
        Ok(AssignRoleResponse {
            roles: Some(roles(&assigned)),
        })
    }

    async fn do_list_role_changes(&self, request: ListRoleChangesRequest) -> Result<ListRoleChangesResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let page = (request.page_size, request.page_token.as_str());
        let (changes, next) = self.contacts.list_role_changes(&workspace, page).await?;
        let change = |change: RoleChange| contacts::RoleChange {
            version: change.version,
            at: Some(events::stamp(change.at)),
            by: change.by,
            changes: change.changes,
        };
        Ok(ListRoleChangesResponse {
            changes: changes.into_iter().map(change).collect(),
            next_page_token: next.map(|version| version.to_string()).unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl RoleService for Server {
    async fn list_roles(&self, request: Request<ListRolesRequest>) -> Result<Response<ListRolesResponse>, Status> {
        rpc::answer(self.do_list_roles(request.into_inner()).await)
    }

    async fn set_role(&self, request: Request<SetRoleRequest>) -> Result<Response<SetRoleResponse>, Status> {
        rpc::answer(self.do_set_role(request.into_inner()).await)
    }

    async fn remove_role(&self, request: Request<RemoveRoleRequest>) -> Result<Response<RemoveRoleResponse>, Status> {
        rpc::answer(self.do_remove_role(request.into_inner()).await)
    }

    async fn assign_role(&self, request: Request<AssignRoleRequest>) -> Result<Response<AssignRoleResponse>, Status> {
        rpc::answer(self.do_assign_role(request.into_inner()).await)
    }

    async fn list_role_changes(
        &self,
        request: Request<ListRoleChangesRequest>,
    ) -> Result<Response<ListRoleChangesResponse>, Status> {
        rpc::answer(self.do_list_role_changes(request.into_inner()).await)
    }
}

fn fields(given: &HashMap<String, i32>) -> Result<BTreeMap<FieldGroup, Access>, Invalid> {
    let one = |(word, access): (&String, &i32)| {
        let access = match FieldAccess::try_from(*access) {
            Ok(FieldAccess::Hidden) => Access::Hidden,
            Ok(FieldAccess::See) => Access::See,
            Ok(FieldAccess::Edit) => Access::Edit,
            Ok(FieldAccess::Unspecified) | Err(_) => {
                return Err(Invalid::new("fields", "must be HIDDEN, SEE or EDIT each"));
            }
        };
        Ok((FieldGroup::from_word(word)?, access))
    };
    given.iter().map(one).collect()
}

fn roles((roles, version): &(Roles, u64)) -> contacts::Roles {
    let integrations = roles.integrations().iter();
    contacts::Roles {
        version: *version,
        roles: roles.list().into_iter().map(role).collect(),
        integrations: integrations
            .map(|(integration, role)| (integration.to_string(), role.to_string()))
            .collect(),
        agents: roles
            .agents()
            .iter()
            .map(|(agent, role)| (agent.to_string(), role.to_string()))
            .collect(),
    }
}

fn role((name, fields, built_in): (RoleName, RoleFields, bool)) -> contacts::Role {
    let access = |field: FieldGroup| match fields.access(field) {
        Access::Hidden => FieldAccess::Hidden,
        Access::See => FieldAccess::See,
        Access::Edit => FieldAccess::Edit,
    };
    let fields = FieldGroup::ALL.into_iter();
    contacts::Role {
        role: name.to_string(),
        fields: fields
            .map(|field| (field.word().to_owned(), access(field).into()))
            .collect(),
        built_in,
    }
}
