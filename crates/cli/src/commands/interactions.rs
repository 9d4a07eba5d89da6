//! Who talked to a contact, by gRPC to contacts-service.

use anyhow::Result;
use rpc::contacts::interaction_service_client::InteractionServiceClient;
use rpc::contacts::{Interaction, ListInteractionsRequest, Purpose};
use serde_json::{Value, json};
use tonic::transport::Channel;

use super::usage::time;
use crate::call::pages;
use crate::output::Out;
use crate::show;

pub(super) async fn run(channel: Channel, workspace: String, contact: String, limit: u32, out: &Out) -> Result<()> {
    let client = InteractionServiceClient::new(channel);
    let request = ListInteractionsRequest {
        workspace,
        contact,
        purpose: Purpose::Support.into(),
        ..Default::default()
    };
    let found = pages!(client, list_interactions, request, interactions, limit);
    if out.json() {
        return out.document(&found.iter().map(document).collect::<Vec<Value>>());
    }
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    out.table(&["started", "resolved", "number", "channel", "agents"], &rows)
}

fn row(one: &Interaction) -> Vec<String> {
    let talks = one
        .talks
        .iter()
        .map(|talk| format!("{} ({})", talk.agent, talk.messages));
    vec![
        time(one.started_at.as_ref()),
        time(one.resolved_at.as_ref()),
        one.number.to_string(),
        one.channel.clone(),
        talks.collect::<Vec<_>>().join(", "),
    ]
}

fn document(one: &Interaction) -> Value {
    let talks: Vec<Value> = one
        .talks
        .iter()
        .map(|talk| {
            json!({
                "agent": talk.agent, "messages": talk.messages, "first_at": show::rfc3339(talk.first_at.as_ref()),
                "last_at": show::rfc3339(talk.last_at.as_ref()),
            })
        })
        .collect();
    json!({
        "conversation": one.conversation, "number": one.number, "channel": one.channel,
        "started_at": show::rfc3339(one.started_at.as_ref()), "resolved_at": show::rfc3339(one.resolved_at.as_ref()),
        "talks": talks,
    })
}
