//! Why was this sent, and why was nothing sent?

use std::process::ExitCode;

use anyhow::Result;
use fault::Fault;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::{GetConversationRequest, get_conversation_request::By};
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use rpc::notifier::{ExplainFollowUpRequest, ExplainFollowUpResponse, explain_follow_up_request::Of};

use tonic::transport::Channel;

use crate::args::{ExplainArgs, ExplainOf};
use crate::call::call;
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

pub(crate) async fn run(args: ExplainArgs, out: &Out) -> Result<ExitCode> {
    let of = match args.of {
        ExplainOf {
            follow_up: Some(id), ..
        } => Of::FollowUp(id),
        ExplainOf {
            conversation: Some(id), ..
        } => Of::Conversation(id),
        ExplainOf { number, .. } => Of::Conversation(by_number(&args.workspace, number.unwrap_or_default()).await?),
    };
    let answer = explain(Endpoints::connect(Service::Notifier)?, &args.workspace, of).await?;
    if out.json() {
        out.document(&show::explained(&answer))?;
    } else {
        print(&answer, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the notifier.
pub(crate) async fn explain(channel: Channel, workspace: &str, of: Of) -> Result<ExplainFollowUpResponse> {
    let client = FollowUpServiceClient::new(channel);
    let request = ExplainFollowUpRequest {
        workspace: workspace.to_owned(),
        of: Some(of),
    };
    Ok(call!(client, explain_follow_up, request)?)
}

async fn by_number(workspace: &str, number: u64) -> Result<String> {
    let client = ConversationServiceClient::new(Endpoints::connect(Service::Conversation)?);
    let request = GetConversationRequest {
        workspace: workspace.to_owned(),
        by: Some(By::Number(number)),
    };
    let conversation = call!(client, get_conversation, request)?
        .conversation
        .ok_or_else(|| Fault::not_found("conversation"))?;
    Ok(conversation.conversation)
}

/// The summary, the timeline and the deliveries, for people.
pub(crate) fn print(answer: &ExplainFollowUpResponse, out: &Out) -> Result<()> {
    out.line(out.bold(&answer.summary))?;
    if answer.truncated {
        out.line("There is more than this: older lines or deliveries exist, the newest are shown.")?;
    }
    let before = std::iter::once(None).chain(answer.timeline.iter().map(Some));
    let lines: Vec<Vec<String>> = answer
        .timeline
        .iter()
        .zip(before)
        .map(|(entry, before)| {
            vec![
                show::clock(entry.at.as_ref()),
                entry.what.clone(),
                show::facts(entry, before),
            ]
        })
        .collect();
    out.table(
        &[
            "at (UTC)",
            "what",
            "from these facts (what is new since the line before)",
        ],
        &lines,
    )?;
    let deliveries: Vec<Vec<String>> = answer.deliveries.iter().map(show::delivery_row).collect();
    if !deliveries.is_empty() {
        out.table(
            &["sent as", "for", "status", "parts", "PU", "reason", "delivery"],
            &deliveries,
        )?;
    }
    Ok(())
}
