//! How customers found the help, by gRPC to conversation-service.

use std::process::ExitCode;

use anyhow::Result;
use rpc::conversation::automatic_message_service_client::AutomaticMessageServiceClient;
use rpc::conversation::{ListRatingsRequest, Rating};
use serde_json::{Value, json};

use crate::args::RatingCommand;
use crate::call::pages;
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

pub(crate) async fn run(command: RatingCommand, out: &Out) -> Result<ExitCode> {
    let RatingCommand::List { workspace, limit } = command;
    let client = AutomaticMessageServiceClient::new(Endpoints::connect(Service::Conversation)?);
    let request = ListRatingsRequest {
        workspace,
        ..Default::default()
    };
    let found: Vec<Rating> = pages!(client, list_ratings, request, ratings, limit);
    if out.json() {
        let told = found.iter().map(|one| {
            let at = show::rfc3339(one.at.as_ref());
            json!({ "conversation": one.conversation, "seq": one.seq, "agent": one.agent, "rating": one.rating, "at": at })
        });
        out.document(&told.collect::<Vec<Value>>())?;
    } else {
        let rows = found.into_iter().map(|one| {
            let at = show::rfc3339(one.at.as_ref()).as_str().unwrap_or_default().to_owned();
            vec![
                at,
                one.rating.to_string(),
                one.agent,
                one.conversation,
                one.seq.to_string(),
            ]
        });
        out.table(
            &["at", "rating", "agent", "conversation", "seq"],
            &rows.collect::<Vec<_>>(),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
