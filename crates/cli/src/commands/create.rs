//! Setting up a workspace, by gRPC to conversation-service.

use std::process::ExitCode;

use anyhow::{Context, Result};
use domain::{IntegrationId, WorkspaceId};
use events::common::{ChannelKind, ChannelSettings};
use fault::Fault;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use rpc::conversation::{
    self as api, CreateAgentRequest, CreateChannelRequest, CreateIntegrationRequest, CreateWorkspaceRequest,
};
use serde_json::json;
use tonic::transport::Channel;

use super::settings;
use crate::args::{AgentCommand, ChannelCommand, IntegrationCommand, Kind, Scope, WorkspaceCommand};
use crate::call::call;
use crate::output::{Out, say};
use crate::stack::{Endpoints, Service};

type Client = WorkspaceServiceClient<Channel>;

fn client() -> Result<Client> {
    Ok(WorkspaceServiceClient::new(Endpoints::connect(Service::Conversation)?))
}

pub(crate) async fn workspace(command: WorkspaceCommand, out: &Out) -> Result<ExitCode> {
    let WorkspaceCommand::Create {
        workspace,
        name,
        time_zone,
        language,
    } = command;
    let request = CreateWorkspaceRequest {
        workspace: Some(api::Workspace {
            workspace,
            name,
            time_zone,
            language,
        }),
    };
    let created = call!(client()?, create_workspace, request)?
        .workspace
        .context("an empty answer")?;
    if out.json() {
        let zone = &created.time_zone;
        out.document(&json!({ "workspace": created.workspace, "name": created.name, "time_zone": zone, "language": created.language }))?;
    } else {
        out.line(created.workspace)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn channel(command: ChannelCommand, out: &Out) -> Result<ExitCode> {
    let ChannelCommand::Create {
        workspace,
        channel,
        kind,
        settings,
    } = command;
    let (settings, mask) = settings::parse(&settings)?;
    let request = channel_request(workspace, channel, kind, settings, mask);
    let created = call!(client()?, create_channel, request)?
        .channel
        .context("an empty answer")?;
    if out.json() {
        out.document(&json!({ "channel": created.channel, "version": created.version }))?;
    } else {
        out.line(created.channel)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn channel_request(
    workspace: String,
    channel: String,
    kind: Kind,
    settings: ChannelSettings,
    paths: Vec<String>,
) -> CreateChannelRequest {
    let kind = match kind {
        Kind::Web => ChannelKind::Web,
        Kind::Sms => ChannelKind::Sms,
        Kind::Email => ChannelKind::Email,
        Kind::Whatsapp => ChannelKind::Whatsapp,
        Kind::Facebook => ChannelKind::Facebook,
        Kind::Instagram => ChannelKind::Instagram,
        Kind::Voice => ChannelKind::Voice,
    };
    let mask = Some(prost_types::FieldMask { paths });
    CreateChannelRequest {
        workspace,
        channel,
        kind: kind.into(),
        settings: Some(settings),
        mask,
    }
}

pub(crate) async fn agent(command: AgentCommand, out: &Out) -> Result<ExitCode> {
    let AgentCommand::Create {
        workspace,
        agent,
        name,
        teams,
    } = command;
    let request = CreateAgentRequest {
        workspace,
        agent: agent.clone(),
        display_name: name,
        teams,
    };
    call!(client()?, create_agent, request)?;
    if out.json() {
        out.document(&json!({ "agent": agent }))?
    } else {
        out.line(agent)?
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn integration(command: IntegrationCommand, out: &Out) -> Result<ExitCode> {
    let IntegrationCommand::Create {
        workspace,
        integration,
        scopes,
    } = command;
    let ids = (
        WorkspaceId::parse(&workspace).map_err(Fault::from)?,
        IntegrationId::parse(&integration).map_err(Fault::from)?,
    );
    let scopes = scopes.into_iter().map(|scope| scope_of(scope).into()).collect();
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

fn scope_of(scope: Scope) -> api::Scope {
    match scope {
        Scope::Ingest => api::Scope::Ingest,
        Scope::Read => api::Scope::Read,
        Scope::Write => api::Scope::Write,
        Scope::Admin => api::Scope::Admin,
    }
}
