//! Other systems and their tokens, by gRPC to conversation-service.

use std::process::ExitCode;

use anyhow::Result;
use domain::{IntegrationId, WorkspaceId};
use events::FactsReader;
use fault::Fault;
use rpc::conversation::{
    self as api, CreateIntegrationRequest, ListIntegrationsRequest, RotateIntegrationTokenRequest,
    UpdateIntegrationRequest,
};
use serde_json::{Value, json};

use super::channel::client;
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
        IntegrationCommand::List { workspace } => list(workspace, out).await,
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

async fn list(workspace: String, out: &Out) -> Result<ExitCode> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListIntegrationsRequest {
            workspace: workspace.clone(),
            page_size: 0,
            page_token,
        };
        let page = call!(client()?, list_integrations, request)?;
        all.extend(page.integrations);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let scopes = |one: &api::Integration| one.scopes().map(word).collect::<Vec<_>>();
    let made = |one: &api::Integration| events::instant(one.token_at).map(|at| at.to_string());
    if out.json() {
        let told = all
            .iter()
            .map(|one| json!({ "integration": one.integration, "scopes": scopes(one), "token_at": made(one) }));
        out.document(&told.collect::<Vec<Value>>())?;
    } else {
        let rows = all.iter().map(|one| {
            let scopes = match one.scopes.is_empty() {
                true => "none: revoked".to_owned(),
                false => scopes(one).join(", "),
            };
            vec![one.integration.clone(), scopes, made(one).unwrap_or_default()]
        });
        out.table(&["integration", "scopes", "token of"], &rows.collect::<Vec<_>>())?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(workspace: String, integration: String, scopes: Vec<Scope>, out: &Out) -> Result<ExitCode> {
    let ids = (
        WorkspaceId::parse(&workspace).map_err(Fault::from)?,
        IntegrationId::parse(&integration).map_err(Fault::from)?,
    );
    let scopes = wire(scopes);
    let reads = scopes.contains(&api::Scope::Facts.into());
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
    let consumer = reads.then(|| FactsReader::new(&ids.0, &ids.1).consumer);
    if out.json() {
        let user = &created.nats_user;
        let mut told = json!({ "token": token, "nats_user": user, "nats_prefix": prefix, "nats_inbox_prefix": inbox });
        if let Some(consumer) = consumer {
            told["nats_consumer"] = consumer.into();
        }
        out.document(&told)?;
    } else if let Some(token) = token {
        let row = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
        let mut rows = vec![
            row("token", token),
            row("NATS user", &created.nats_user),
            row("NATS inbox prefix", &inbox),
            row("may publish to", &prefix),
        ];
        rows.extend(consumer.map(|consumer| row("may read consumer", &consumer)));
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
        Scope::Facts => api::Scope::Facts,
        Scope::Privacy => api::Scope::Privacy,
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
        api::Scope::Facts => "facts",
        api::Scope::Privacy => "privacy",
        api::Scope::Unspecified => "unspecified",
    }
}
