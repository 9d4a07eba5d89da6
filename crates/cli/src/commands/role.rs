//! Who may see and change what of contacts, by gRPC to contacts-service.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;

use anyhow::{Context, Result};
use fault::Fault;
use rpc::contacts::role_service_client::RoleServiceClient;
use rpc::contacts::{
    AssignRoleRequest, FieldAccess, ListRoleChangesRequest, ListRolesRequest, RemoveRoleRequest, RoleChange, Roles,
    SetRoleRequest,
};
use serde_json::{Value, json};

use crate::args::RoleCommand;
use crate::call::{call, pages};
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

pub(crate) async fn run(command: RoleCommand, out: &Out) -> Result<ExitCode> {
    let client = RoleServiceClient::new(Endpoints::connect(Service::Contacts)?);
    let told = match command {
        RoleCommand::List { workspace } => call!(client, list_roles, ListRolesRequest { workspace })?.roles,
        RoleCommand::Set {
            workspace,
            role,
            fields,
            version,
            by,
        } => {
            let request = SetRoleRequest {
                workspace,
                role,
                fields: spoken(&fields)?,
                version,
                by,
            };
            call!(client, set_role, request)?.roles
        }
        RoleCommand::Remove {
            workspace,
            role,
            version,
            by,
        } => {
            let request = RemoveRoleRequest {
                workspace,
                role,
                version,
                by,
            };
            call!(client, remove_role, request)?.roles
        }
        RoleCommand::Assign {
            workspace,
            integration,
            role,
            version,
            by,
        } => {
            let request = AssignRoleRequest {
                workspace,
                integration,
                role: role.unwrap_or_default(),
                version,
                by,
                agent: String::new(),
            };
            call!(client, assign_role, request)?.roles
        }
        RoleCommand::AssignAgent {
            workspace,
            agent,
            role,
            version,
            by,
        } => {
            let request = AssignRoleRequest {
                workspace,
                agent,
                role: role.unwrap_or_default(),
                version,
                by,
                integration: String::new(),
            };
            call!(client, assign_role, request)?.roles
        }
        RoleCommand::Changes { workspace, limit } => {
            let request = ListRoleChangesRequest {
                workspace,
                ..Default::default()
            };
            changes(&pages!(client, list_role_changes, request, changes, limit), out)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    list(&told.context("an empty answer")?, out)?;
    Ok(ExitCode::SUCCESS)
}

fn spoken(fields: &[String]) -> Result<HashMap<String, i32>> {
    let one = |text: &String| {
        let wrong = || Fault::invalid("--field", "needs the form FIELD=hidden, FIELD=see or FIELD=edit");
        let (field, access) = text.split_once('=').ok_or_else(wrong)?;
        let access = match access {
            "hidden" => FieldAccess::Hidden,
            "see" => FieldAccess::See,
            "edit" => FieldAccess::Edit,
            _ => return Err(wrong().into()),
        };
        Ok((field.to_owned(), access.into()))
    };
    fields.iter().map(one).collect()
}

fn word(access: i32) -> String {
    let access = FieldAccess::try_from(access).unwrap_or_default();
    show::word(access.as_str_name(), "FIELD_ACCESS_")
}

fn list(told: &Roles, out: &Out) -> Result<()> {
    if out.json() {
        let role = |role: &rpc::contacts::Role| {
            let fields: BTreeMap<&String, String> = role
                .fields
                .iter()
                .map(|(field, access)| (field, word(*access)))
                .collect();
            json!({ "role": role.role, "built_in": role.built_in, "fields": fields })
        };
        return out.document(&json!({
            "version": told.version,
            "roles": told.roles.iter().map(role).collect::<Vec<Value>>(),
            "integrations": told.integrations.iter().collect::<BTreeMap<_, _>>(),
            "agents": told.agents.iter().collect::<BTreeMap<_, _>>(),
        }));
    }
    let mut fields: Vec<&str> = told
        .roles
        .iter()
        .flat_map(|role| role.fields.keys().map(String::as_str))
        .collect();
    fields.sort_unstable();
    fields.dedup();
    let row = |role: &rpc::contacts::Role| {
        let access = |field: &&str| {
            role.fields
                .get(*field)
                .map_or_else(|| "-".to_owned(), |access| word(*access))
        };
        std::iter::once(role.role.clone())
            .chain(fields.iter().map(access))
            .collect::<Vec<String>>()
    };
    let rows: Vec<Vec<String>> = told.roles.iter().map(row).collect();
    let head: Vec<&str> = std::iter::once("role").chain(fields.iter().copied()).collect();
    out.table(&head, &rows)?;
    let held: BTreeMap<_, _> = told.integrations.iter().collect();
    for (integration, role) in held {
        out.line(format!("integration {integration} has the role {role}"))?;
    }
    let held: BTreeMap<_, _> = told.agents.iter().collect();
    for (agent, role) in held {
        out.line(format!("agent {agent} has the role {role}"))?;
    }
    out.line(format!("version {}", told.version))
}

fn changes(found: &[RoleChange], out: &Out) -> Result<()> {
    if out.json() {
        let told = found.iter().map(|change| {
            json!({
                "version": change.version, "at": show::rfc3339(change.at.as_ref()), "by": change.by, "changes": change.changes,
            })
        });
        return out.document(&told.collect::<Vec<Value>>());
    }
    let row = |change: &RoleChange, line: &String| {
        let at = show::rfc3339(change.at.as_ref());
        vec![
            change.version.to_string(),
            at.as_str().unwrap_or("-").to_owned(),
            change.by.clone(),
            line.clone(),
        ]
    };
    let rows = found
        .iter()
        .flat_map(|change| change.changes.iter().map(move |line| row(change, line)));
    out.table(&["version", "at", "by", "change"], &rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_with_what_a_role_may_do_with_it() -> Result<()> {
        let fields = spoken(&["phones=see".into(), "data=hidden".into()])?;
        assert_eq!(fields.get("phones"), Some(&FieldAccess::See.into()));
        assert_eq!(fields.get("data"), Some(&FieldAccess::Hidden.into()));
        for bad in ["phones", "phones=all", "=see=", "phones=unspecified"] {
            assert!(spoken(&[bad.to_owned()]).is_err(), "{bad}");
        }
        Ok(())
    }
}
