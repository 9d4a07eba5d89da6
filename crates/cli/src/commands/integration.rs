//! Other systems and their tokens, by gRPC to conversation-service.

use std::process::ExitCode;

use anyhow::Result;
use domain::{IntegrationId, WorkspaceId};
use fault::Fault;
use rpc::conversation::{
    self as api, CreateIntegrationRequest, RotateIntegrationTokenRequest, UpdateIntegrationRequest,
};
use serde_json::json;

use super::create::client;
use crate::args::{IntegrationCommand, Scope};
use crate::call::call;
use crate::output::{Out, say};

pub(crate) async fn run(command: IntegrationCommand, out: &Out) -> Result<ExitCode> {
    match command {
        IntegrationCommand::Create {
            workspace,
            integration,
            scopes,
        } => create(workspace, integration, scopes, out).await,
        IntegrationCommand::Update {
            workspace,
            integration,
            scopes,
            revoke,
        } => {
            let request = UpdateIntegrationRequest {
                workspace,
                integration: integration.clone(),
                scopes: wire(scopes),
                revoked: revoke,
            };
            let next = call!(client()?, update_integration, request)?;
            if out.json() {
                let scopes: Vec<&str> = next.scopes().map(word).collect();
                out.document(&json!({ "integration": integration, "scopes": scopes }))?;
            } else {
                out.line(integration)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        IntegrationCommand::Rotate { workspace, integration } => {
            let request = RotateIntegrationTokenRequest { workspace, integration };
            let token = call!(client()?, rotate_integration_token, request)?.token;
            if out.json() {
                out.document(&json!({ "token": token }))?;
            } else {
                out.line(token)?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn create(workspace: String, integration: String, scopes: Vec<Scope>, out: &Out) -> Result<ExitCode> {
    let ids = (
        WorkspaceId::parse(&workspace).map_err(Fault::from)?,
        IntegrationId::parse(&integration).map_err(Fault::from)?,
    );
    let scopes = wire(scopes);
    let created = call!(
        client()?,
        create_integration,
        CreateIntegrationRequest {
            workspace,
            integration,
            scopes
        }
    )?;
    let token = Some(&created.token).filter(|token| !token.is_empty());
    if token.is_none() {
        say("it existed already: its token cannot be shown again");
    }
    let prefix = events::ingest_prefix(&ids.0, &ids.1);
    let inbox = format!("_INBOX.{}", created.nats_user);
    if out.json() {
        let user = &created.nats_user;
        out.document(&json!({ "token": token, "nats_user": user, "nats_prefix": prefix, "nats_inbox_prefix": inbox }))?;
    } else if let Some(token) = token {
        let row = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
        let rows = [
            row("token", token),
            row("NATS user", &created.nats_user),
            row("NATS inbox prefix", &inbox),
            row("may publish to", &prefix),
        ];
        out.table(&["", ""], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn wire(scopes: Vec<Scope>) -> Vec<i32> {
    let wire = scopes.into_iter().map(|scope| match scope {
        Scope::Ingest => api::Scope::Ingest,
        Scope::Read => api::Scope::Read,
        Scope::Write => api::Scope::Write,
        Scope::Admin => api::Scope::Admin,
        Scope::Contacts => api::Scope::Contacts,
    });
    wire.map(i32::from).collect()
}

fn word(scope: api::Scope) -> &'static str {
    match scope {
        api::Scope::Ingest => "ingest",
        api::Scope::Read => "read",
        api::Scope::Write => "write",
        api::Scope::Admin => "admin",
        api::Scope::Contacts => "contacts",
        api::Scope::Unspecified => "unspecified",
    }
}
