//! How a conversation stands (conversation-service), and who has it, by gRPC to routing-service.

use std::process::ExitCode;

use anyhow::{Context, Result};
use events::event::AssigneeKind;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::{Conversation, GetConversationRequest};
use rpc::routing::{AssignRequest, Assignee, Assignment, ListAssignmentsRequest, TransferRequest};
use serde_json::{Value, json};

use super::queue::{assignee, assignee_document, client, tell};
use super::{card, star};
use crate::args::{AssignTo, ConversationCommand, TransferTo};
use crate::call::call;
use crate::output::Out;
use crate::show::{rfc3339, word};
use crate::stack::{Endpoints, Service};

/// Most entries of one answer.
const PAGE: u32 = 500;

pub(crate) async fn run(command: ConversationCommand, out: &Out) -> Result<ExitCode> {
    match command {
        ConversationCommand::Show {
            workspace,
            conversation,
        } => show_one(&find(&workspace, by(conversation)).await?, out)?,
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
        ConversationCommand::Stars(command) => star::run(command, out).await?,
        ConversationCommand::Cards(command) => card::run(command, out).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn by(name: String) -> By {
    name.parse().map_or(By::Conversation(name), By::Number)
}

/// The id of a conversation that is named by id or by number.
pub(super) async fn resolve(workspace: &str, name: String) -> Result<String> {
    match by(name) {
        By::Conversation(id) => Ok(id),
        number => Ok(find(workspace, number).await?.conversation),
    }
}

async fn find(workspace: &str, by: By) -> Result<Conversation> {
    let client = ConversationServiceClient::new(Endpoints::connect(Service::Conversation)?);
    let request = GetConversationRequest {
        workspace: workspace.to_owned(),
        by: Some(by),
    };
    let found = call!(client, get_conversation, request)?.conversation;
    found.context("an empty answer")
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

fn show_one(found: &Conversation, out: &Out) -> Result<()> {
    let opened_by = events::role(found.opened_by).map_or("", |role| role.word());
    let told = json!({
        "conversation": found.conversation, "number": found.number, "channel": found.channel, "visitor": found.visitor,
        "contact": found.contact, "page_url": found.page_url, "last_seq": found.last_seq, "read_up_to": found.read_up_to,
        "customer_up_to": found.customer_up_to, "opened_by": opened_by, "outreach": found.outreach,
        "started_at": rfc3339(found.started_at.as_ref()), "resolved_at": rfc3339(found.resolved_at.as_ref()),
        "continues": found.continues, "team": found.team,
        "assignee": found.assigned_to.as_ref().map(|one| json!({ "kind": word(one.kind().as_str_name(), "ASSIGNEE_KIND_"), "id": one.id })),
    });
    if out.json() {
        return out.document(&told);
    }
    let rows = told.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Object(one) => one.values().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        };
        (!text.is_empty()).then(|| vec![name.clone(), text])
    });
    out.table(&["", ""], &rows.collect::<Vec<_>>())
}
