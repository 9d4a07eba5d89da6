//! Agents' stars on conversations, by gRPC to conversation-service.

use anyhow::{Context, Result};
use prost_types::Timestamp;
use rpc::conversation::star_service_client::StarServiceClient;
use rpc::conversation::{ListStarredRequest, RemoveStarRequest, SetStarRequest, Star};
use serde_json::{Value, json};
use tonic::transport::Channel;

use super::conversation::resolve;
use crate::args::StarCommand;
use crate::call::{call, pages};
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

fn client() -> Result<StarServiceClient<Channel>> {
    Ok(StarServiceClient::new(Endpoints::connect(Service::Conversation)?))
}

pub(super) async fn run(command: StarCommand, out: &Out) -> Result<()> {
    match command {
        StarCommand::Star {
            workspace,
            conversation,
            agent,
            remind_at,
            note,
        } => {
            let request = SetStarRequest {
                conversation: resolve(&workspace, conversation).await?,
                workspace,
                agent,
                remind_at: remind_at.map(events::stamp),
                note,
            };
            let set = call!(client()?, set_star, request)?.star.context("an empty answer")?;
            match out.json() {
                true => out.document(&star(&set)),
                false => show_stars(&[set], out),
            }
        }
        StarCommand::Unstar {
            workspace,
            conversation,
            agent,
        } => {
            let request = RemoveStarRequest {
                conversation: resolve(&workspace, conversation).await?,
                workspace,
                agent,
            };
            call!(client()?, remove_star, request)?;
            match out.json() {
                true => out.document(&json!({ "removed": true })),
                false => out.line("no star"),
            }
        }
        StarCommand::Starred {
            workspace,
            agent,
            limit,
        } => {
            let request = ListStarredRequest {
                workspace,
                agent,
                ..Default::default()
            };
            let found: Vec<Star> = pages!(client()?, list_starred, request, stars, limit);
            match out.json() {
                true => out.document(&found.iter().map(star).collect::<Vec<_>>()),
                false => show_stars(&found, out),
            }
        }
    }
}

fn star(of: &Star) -> Value {
    json!({
        "conversation": of.conversation, "number": of.number, "agent": of.agent, "note": of.note, "version": of.version,
        "starred_at": show::rfc3339(of.starred_at.as_ref()), "remind_at": show::rfc3339(of.remind_at.as_ref()),
        "reminded_at": show::rfc3339(of.reminded_at.as_ref()),
    })
}

fn show_stars(stars: &[Star], out: &Out) -> Result<()> {
    let time = |at: &Option<Timestamp>| show::rfc3339(at.as_ref()).as_str().unwrap_or_default().to_owned();
    let rows = stars.iter().map(|one| {
        let (number, note) = (one.number.to_string(), one.note.clone());
        vec![
            number,
            one.conversation.clone(),
            time(&one.starred_at),
            time(&one.remind_at),
            time(&one.reminded_at),
            note,
        ]
    });
    let head = ["number", "conversation", "starred", "remind at", "reminded", "note"];
    out.table(&head, &rows.collect::<Vec<_>>())
}
