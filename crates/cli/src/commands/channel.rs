//! Channels, by gRPC to conversation-service.

use std::process::ExitCode;

use anyhow::{Context, Result};
use events::common::{ChannelKind, ChannelSettings};
use rpc::conversation::CreateChannelRequest;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use serde_json::json;
use tonic::transport::Channel;

use super::{channel_routing, settings};
use crate::args::{ChannelCommand, Kind};
use crate::call::call;
use crate::output::Out;
use crate::stack::{Endpoints, Service};

pub(super) type Client = WorkspaceServiceClient<Channel>;

pub(super) fn client() -> Result<Client> {
    Ok(WorkspaceServiceClient::new(Endpoints::connect(Service::Conversation)?))
}

pub(crate) async fn run(command: ChannelCommand, out: &Out) -> Result<ExitCode> {
    match command {
        ChannelCommand::Create {
            workspace,
            channel,
            kind,
            settings,
        } => create(out, workspace, channel, kind, &settings).await?,
        ChannelCommand::Routing {
            workspace,
            channel,
            set: Some(file),
            version,
        } => channel_routing::set(out, workspace, channel, &file, version).await?,
        ChannelCommand::Routing { workspace, channel, .. } => channel_routing::get(out, workspace, channel).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(out: &Out, workspace: String, channel: String, kind: Kind, settings: &[String]) -> Result<()> {
    let (settings, mask) = settings::parse(settings)?;
    let request = channel_request(workspace, channel, kind, settings, mask);
    let created = call!(client()?, create_channel, request)?
        .channel
        .context("an empty answer")?;
    if out.json() {
        out.document(&json!({ "channel": created.channel, "version": created.version }))
    } else {
        out.line(created.channel)
    }
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
