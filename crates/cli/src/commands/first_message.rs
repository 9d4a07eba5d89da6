//! Writing to contacts first, by gRPC to conversation-service.

use anyhow::{Context, Result};
use rpc::conversation::WriteToContactRequest;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use serde_json::json;

use crate::call::call;
use crate::output::Out;
use crate::stack::{Endpoints, Service};

pub(super) async fn run(request: WriteToContactRequest, out: &Out) -> Result<()> {
    let client = ConversationServiceClient::new(Endpoints::connect(Service::Conversation)?);
    let opened = call!(client, write_to_contact, request)?
        .conversation
        .context("an empty answer")?;
    if out.json() {
        return out.document(&json!({ "conversation": opened.conversation, "number": opened.number }));
    }
    out.line(format!("conversation {} ({})", opened.number, opened.conversation))
}
