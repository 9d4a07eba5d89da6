//! Who has a conversation, by gRPC to routing-service.

use std::process::ExitCode;

use anyhow::{Context, Result};
use events::event::AssigneeKind;
use rpc::conversation::GetConversationRequest;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::get_conversation_request::By;
use rpc::routing::{AssignRequest, Assignee, Assignment, ListAssignmentsRequest, TransferRequest};
use serde_json::{Value, json};

use super::queue::{assignee, assignee_document, client, tell};
use crate::args::{AssignTo, ConversationCommand, TransferTo};
use crate::call::call;
use crate::output::Out;
use crate::show::{rfc3339, word};
use crate::stack::{Endpoints, Service};

/// Most entries of one answer.
const PAGE: u32 = 500;

pub(crate) async fn run(command: ConversationCommand, out: &Out) -> Result<ExitCode> {
    match command {
        ConversationCommand::Assign {
            workspace,
            conversation,
            to,
            by,
        } => {
            let request = AssignRequest {
                conversation: resolve(&workspace, conversation).await?,
                workspace,
                assignee: assign_to(to),
                by: by.unwrap_or_default(),
            };
            let given = call!(client()?, assign, request)?.request;
            tell(out, &given.context("an empty answer")?)?;
        }
        ConversationCommand::Transfer {
            workspace,
            conversation,
            from,
            to,
        } => {
            let request = TransferRequest {
                conversation: resolve(&workspace, conversation).await?,
                workspace,
                agent: from,
                to: transfer_to(to),
            };
            let passed = call!(client()?, transfer, request)?.request;
            tell(out, &passed.context("an empty answer")?)?;
        }
        ConversationCommand::Assignments {
            workspace,
            conversation,
        } => {
            let conversation = resolve(&workspace, conversation).await?;
            list(out, &assignments(workspace, conversation).await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The id of a conversation that is named by id or by number.
async fn resolve(workspace: &str, name: String) -> Result<String> {
    let Ok(number) = name.parse() else { return Ok(name) };
    let client = ConversationServiceClient::new(Endpoints::connect(Service::Conversation)?);
    let request = GetConversationRequest {
        workspace: workspace.to_owned(),
        by: Some(By::Number(number)),
    };
    let found = call!(client, get_conversation, request)?.conversation;
    Ok(found.context("an empty answer")?.conversation)
}

fn assign_to(to: AssignTo) -> Option<Assignee> {
    let named = [
        (AssigneeKind::Agent, to.agent),
        (AssigneeKind::Admin, to.admin),
        (AssigneeKind::Team, to.team),
    ];
    first(named)
}

fn transfer_to(to: TransferTo) -> Option<Assignee> {
    first([(AssigneeKind::Agent, to.agent), (AssigneeKind::Team, to.team)])
}

fn first<const N: usize>(named: [(AssigneeKind, Option<String>); N]) -> Option<Assignee> {
    named.into_iter().find_map(|(kind, id)| {
        Some(Assignee {
            kind: kind.into(),
            id: id?,
        })
    })
}

async fn assignments(workspace: String, conversation: String) -> Result<Vec<Assignment>> {
    let mut request = ListAssignmentsRequest {
        workspace,
        conversation,
        after_version: 0,
        page_size: PAGE,
    };
    let mut all = Vec::new();
    loop {
        let page = call!(client()?, list_assignments, request.clone())?.assignments;
        let Some(last) = page.last() else { return Ok(all) };
        request.after_version = last.version;
        all.extend(page);
    }
}

fn list(out: &Out, assignments: &[Assignment]) -> Result<()> {
    let cause = |one: &Assignment| word(one.cause().as_str_name(), "ASSIGNMENT_CAUSE_");
    if out.json() {
        let told = assignments.iter().map(|one| {
            json!({
                "version": one.version,
                "assignee": assignee_document(one.assignee.as_ref()),
                "cause": cause(one),
                "by": one.by,
                "at": rfc3339(one.at.as_ref()),
            })
        });
        return out.document(&told.collect::<Vec<Value>>());
    }
    let rows = assignments.iter().map(|one| {
        vec![
            rfc3339(one.at.as_ref()).as_str().unwrap_or_default().to_owned(),
            cause(one),
            assignee(one.assignee.as_ref()),
            one.by.clone(),
        ]
    });
    out.table(&["at", "cause", "whose", "by"], &rows.collect::<Vec<_>>())
}
