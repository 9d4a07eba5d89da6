//! Chats that somebody is to serve, by gRPC to routing-service.

use std::process::ExitCode;

use anyhow::{Context, Result};
use events::common::ChannelKind;
use rpc::routing::invitation_service_client::InvitationServiceClient;
use rpc::routing::queue_service_client::QueueServiceClient;
use rpc::routing::{
    AcceptAlertRequest, Assignee, DeclineAlertRequest, Invitation, ListInvitationsRequest, ListRequestsRequest,
    Request, StartChatRequest, WatchQueueRequest,
};
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::args::QueueCommand;
use crate::call::{call, pages};
use crate::output::Out;
use crate::show::{clock, rfc3339, word};
use crate::stack::{Endpoints, Service};

pub(super) fn client() -> Result<QueueServiceClient<Channel>> {
    Ok(QueueServiceClient::new(Endpoints::connect(Service::Routing)?))
}

pub(crate) async fn run(command: QueueCommand, out: &Out) -> Result<ExitCode> {
    match command {
        QueueCommand::List {
            workspace,
            team,
            agent,
            limit,
        } => {
            let request = ListRequestsRequest {
                workspace,
                team,
                agent: agent.unwrap_or_default(),
                ..Default::default()
            };
            list(out, &pages!(client()?, list_requests, request, requests, limit))?;
        }
        QueueCommand::Show { workspace, team } => show(out, WatchQueueRequest { workspace, team }).await?,
        QueueCommand::Invitations {
            workspace,
            channel,
            visitor,
            limit,
        } => {
            let request = ListInvitationsRequest {
                workspace,
                channel,
                visitor,
                ..Default::default()
            };
            let client = InvitationServiceClient::new(Endpoints::connect(Service::Routing)?);
            invitations(out, &pages!(client, list_invitations, request, invitations, limit))?;
        }
        QueueCommand::Accept(answer) => {
            let request = AcceptAlertRequest {
                workspace: answer.workspace,
                request: answer.request,
                agent: answer.agent,
            };
            let taken = call!(client()?, accept_alert, request)?.request;
            tell(out, &taken.context("an empty answer")?)?;
        }
        QueueCommand::Decline(answer) => {
            let request = DeclineAlertRequest {
                workspace: answer.workspace,
                request: answer.request,
                agent: answer.agent,
            };
            call!(client()?, decline_alert, request)?;
        }
        QueueCommand::Start { answer, text } => {
            let request = StartChatRequest {
                workspace: answer.workspace,
                request: answer.request,
                agent: answer.agent,
                text,
            };
            let client = InvitationServiceClient::new(Endpoints::connect(Service::Routing)?);
            let started = call!(client, start_chat, request)?;
            let conversation = started.request.map(|request| request.conversation);
            if out.json() {
                out.document(&json!({ "conversation": conversation, "number": started.number }))?;
            } else {
                out.line(started.number.to_string())?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One request: where it is now.
pub(super) fn tell(out: &Out, request: &Request) -> Result<()> {
    if out.json() {
        return out.document(&document(request));
    }
    let has = assignee(request.assignee.as_ref());
    out.line(format!("{} {has}", state(request)).trim_end())
}

fn list(out: &Out, requests: &[Request]) -> Result<()> {
    if out.json() {
        return out.document(&requests.iter().map(document).collect::<Vec<Value>>());
    }
    let rows = requests.iter().map(|one| {
        let position = if one.position > 0 {
            one.position.to_string()
        } else {
            String::new()
        };
        vec![
            position,
            state(one),
            one.channel.clone(),
            one.team.clone(),
            clock(one.waiting_since.as_ref()),
            assignee(one.assignee.as_ref()),
            one.request.clone(),
        ]
    });
    out.table(
        &["position", "state", "channel", "team", "since", "whose", "request"],
        &rows.collect::<Vec<_>>(),
    )
}

/// What a queue's watch tells first.
async fn show(out: &Out, request: WatchQueueRequest) -> Result<()> {
    let mut told = call!(client()?, watch_queue, request)?;
    let figures = told.message().await?.context("an empty answer")?;
    if out.json() {
        return out.document(&json!({
            "waiting": figures.waiting,
            "alerted": figures.alerted,
            "serving": figures.serving,
            "free_agents": figures.free_agents,
            "waiting_since": rfc3339(figures.waiting_since.as_ref()),
            "is_closed": figures.is_closed,
            "opens_at": rfc3339(figures.opens_at.as_ref()),
        }));
    }
    let opens = match (figures.is_closed, figures.opens_at.as_ref()) {
        (false, _) => "open".to_owned(),
        (true, None) => "closed".to_owned(),
        (true, opens) => format!("closed until {}", clock(opens)),
    };
    let row = vec![
        figures.waiting.to_string(),
        clock(figures.waiting_since.as_ref()),
        figures.alerted.to_string(),
        figures.serving.to_string(),
        figures.free_agents.to_string(),
        opens,
    ];
    out.table(
        &["waiting", "since", "alerted", "serving", "free agents", "hours"],
        &[row],
    )
}

fn invitations(out: &Out, found: &[Invitation]) -> Result<()> {
    let state = |one: &Invitation| word(one.state().as_str_name(), "INVITATION_STATE_");
    if out.json() {
        let all = found.iter().map(|one| {
            json!({
                "invitation": one.invitation,
                "channel": one.channel,
                "visitor": one.visitor,
                "rule": one.rule,
                "state": state(one),
                "offered_at": rfc3339(one.offered_at.as_ref()),
                "changed_at": rfc3339(one.changed_at.as_ref()),
                "conversation": one.conversation,
                "agent": one.agent,
            })
        });
        return out.document(&all.collect::<Vec<Value>>());
    }
    let rows = found.iter().map(|one| {
        vec![
            clock(one.offered_at.as_ref()),
            state(one),
            one.channel.clone(),
            one.rule.clone(),
            one.agent.clone(),
            one.visitor.clone(),
        ]
    });
    out.table(
        &["offered", "state", "channel", "rule", "agent", "visitor"],
        &rows.collect::<Vec<_>>(),
    )
}

fn state(request: &Request) -> String {
    word(request.state().as_str_name(), "REQUEST_STATE_")
}

/// `agent ana`; empty: nobody.
pub(super) fn assignee(assignee: Option<&Assignee>) -> String {
    match assignee {
        Some(one) if !one.id.is_empty() => {
            format!("{} {}", word(one.kind().as_str_name(), "ASSIGNEE_KIND_"), one.id)
        }
        _ => String::new(),
    }
}

pub(super) fn assignee_document(assignee: Option<&Assignee>) -> Value {
    match assignee {
        Some(one) if !one.id.is_empty() => {
            json!({ "kind": word(one.kind().as_str_name(), "ASSIGNEE_KIND_"), "id": one.id })
        }
        _ => Value::Null,
    }
}

fn document(request: &Request) -> Value {
    let kind = ChannelKind::try_from(request.kind).unwrap_or_default();
    let page = request.page.as_ref().map(|page| {
        json!({
            "url": page.url,
            "referrer": page.referrer,
            "visits": page.visits,
            "on_page_ms": page.on_page_ms,
            "on_site_ms": page.on_site_ms,
        })
    });
    json!({
        "request": request.request,
        "channel": request.channel,
        "kind": word(kind.as_str_name(), "CHANNEL_KIND_"),
        "team": request.team,
        "language": request.language,
        "state": state(request),
        "priority": request.priority,
        "waiting_since": rfc3339(request.waiting_since.as_ref()),
        "conversation": request.conversation,
        "visitor": request.visitor,
        "invitation": request.invitation,
        "assignee": assignee_document(request.assignee.as_ref()),
        "alert_until": rfc3339(request.alert_until.as_ref()),
        "position": request.position,
        "version": request.version,
        "page": page,
    })
}
