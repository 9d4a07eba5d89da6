//! Whose the senders of texts are, by gRPC to conversation-service.

use std::process::ExitCode;

use anyhow::Result;
use rpc::conversation::sender_service_client::SenderServiceClient;
use rpc::conversation::{AssignSenderRequest, ListSendersRequest, ReleaseSenderRequest};
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::args::SenderCommand;
use crate::call::call;
use crate::output::Out;
use crate::stack::{Endpoints, Service};

pub(crate) async fn run(command: SenderCommand, out: &Out) -> Result<ExitCode> {
    match command {
        SenderCommand::Assign { workspace, sender } => {
            let request = AssignSenderRequest {
                workspace,
                sender: sender.clone(),
            };
            call!(client()?, assign_sender, request)?;
            told(&sender, out)?;
        }
        SenderCommand::Release { workspace, sender } => {
            let request = ReleaseSenderRequest {
                workspace,
                sender: sender.clone(),
            };
            call!(client()?, release_sender, request)?;
            told(&sender, out)?;
        }
        SenderCommand::List { workspace } => {
            let senders = call!(client()?, list_senders, ListSendersRequest { workspace })?.senders;
            let since = |at| events::instant(at).map(|at| at.to_string());
            if out.json() {
                let told = senders
                    .iter()
                    .map(|one| json!({ "sender": one.sender, "assigned_at": since(one.assigned_at) }));
                out.document(&told.collect::<Vec<Value>>())?;
            } else {
                let rows = senders
                    .into_iter()
                    .map(|one| vec![one.sender, since(one.assigned_at).unwrap_or_default()]);
                out.table(&["sender", "assigned"], &rows.collect::<Vec<_>>())?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told(sender: &str, out: &Out) -> Result<()> {
    match out.json() {
        true => out.document(&json!({ "sender": sender })),
        false => out.line(sender),
    }
}

fn client() -> Result<SenderServiceClient<Channel>> {
    Ok(SenderServiceClient::new(Endpoints::connect(Service::Conversation)?))
}
