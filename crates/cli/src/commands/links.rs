//! The links and reply addresses of a conversation, by gRPC to notifier-service.

use std::process::ExitCode;

use anyhow::Result;
use rpc::notifier::RevokeLinksRequest;
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use serde_json::json;

use crate::args::LinksCommand;
use crate::call::call;
use crate::output::Out;
use crate::stack::{Endpoints, Service};

pub(crate) async fn run(command: LinksCommand, out: &Out) -> Result<ExitCode> {
    let client = FollowUpServiceClient::new(rpc::connect(&Endpoints::service(Service::Notifier)?)?);
    let LinksCommand::Revoke {
        workspace,
        conversation,
    } = command;
    let request = RevokeLinksRequest {
        workspace,
        conversation,
    };
    let revoked = call!(client, revoke_links, request)?.revoked;
    if out.json() {
        out.document(&json!({ "revoked": revoked }))?;
    } else {
        out.line(revoked.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}
