//! Tenants, by gRPC to conversation-service.

use std::process::ExitCode;

use anyhow::{Context, Result};
use rpc::conversation::{CreateWorkspaceRequest, UpdateWorkspaceRequest, Workspace};
use serde_json::{Value, json};

use super::channel::client;
use crate::args::{WorkspaceChange, WorkspaceCommand};
use crate::call::call;
use crate::output::Out;

pub(crate) async fn run(command: WorkspaceCommand, out: &Out) -> Result<ExitCode> {
    match command {
        WorkspaceCommand::Create {
            workspace,
            name,
            time_zone,
            language,
            console_url,
        } => {
            let wanted = Workspace {
                workspace,
                name,
                time_zone,
                language,
                console_url,
            };
            create(wanted, out).await
        }
        WorkspaceCommand::Update { workspace, change } => update(workspace, change, out).await,
    }
}

async fn create(wanted: Workspace, out: &Out) -> Result<ExitCode> {
    let request = CreateWorkspaceRequest {
        workspace: Some(wanted),
    };
    let created = call!(client()?, create_workspace, request)?
        .workspace
        .context("an empty answer")?;
    if out.json() {
        out.document(&document(&created))?;
    } else {
        out.line(created.workspace)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn update(workspace: String, change: WorkspaceChange, out: &Out) -> Result<ExitCode> {
    let fields = [
        ("name", &change.name),
        ("time_zone", &change.time_zone),
        ("language", &change.language),
        ("console_url", &change.console_url),
    ];
    let paths = fields.into_iter().filter(|(_, value)| value.is_some());
    let mask = prost_types::FieldMask {
        paths: paths.map(|(path, _)| path.to_owned()).collect(),
    };
    let request = UpdateWorkspaceRequest {
        mask: Some(mask),
        workspace: Some(Workspace {
            workspace,
            name: change.name.unwrap_or_default(),
            time_zone: change.time_zone.unwrap_or_default(),
            language: change.language.unwrap_or_default(),
            console_url: change.console_url.unwrap_or_default(),
        }),
        version: 0,
    };
    let answer = call!(client()?, update_workspace, request)?;
    let next = answer.workspace.context("an empty answer")?;
    if out.json() {
        let mut told = document(&next);
        told["version"] = answer.version.into();
        out.document(&told)?;
    } else {
        out.line(next.workspace)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn document(one: &Workspace) -> Value {
    json!({
        "workspace": one.workspace, "name": one.name, "time_zone": one.time_zone, "language": one.language,
        "console_url": one.console_url,
    })
}
