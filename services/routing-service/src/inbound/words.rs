//! Requests and assignments as the rpcs say them.

use crate::app::Seen;
use crate::domain::{Assignee, Assignment, Request, State, VisitedPage};
use ::domain::{AgentId, TeamId, Timestamp, WorkspaceId};
use events::event::{AssigneeKind, AssignmentCause, RequestState};
use events::stamp;
use fault::{Fault, Result};
use rpc::routing as wire;

pub(super) fn request(seen: Seen) -> wire::Request {
    let Seen { request, position } = seen;
    let text = |id: Option<String>| id.unwrap_or_default();
    let (need, about) = (&request.need, &request.about);
    wire::Request {
        request: request.id.to_string(),
        channel: need.channel.to_string(),
        kind: events::common::ChannelKind::from(need.kind).into(),
        team: text(need.team.as_ref().map(TeamId::to_string)),
        language: text(need.language.map(|language| language.code().to_owned())),
        state: RequestState::from(&request.state).into(),
        priority: request.priority.into(),
        waiting_since: Some(stamp(request.waiting_since)),
        conversation: text(about.conversation.map(|id| id.to_string())),
        visitor: text(about.visitor.map(|id| id.to_string())),
        invitation: text(about.invitation.map(|id| id.to_string())),
        assignee: request.agent().is_some().then(|| assignee(&request.assignee())),
        alert_until: alert_until(&request).map(stamp),
        position,
        version: request.version,
        page: about.page.as_ref().map(page),
    }
}

fn alert_until(request: &Request) -> Option<Timestamp> {
    match request.state {
        State::Alerted { until, .. } => Some(until),
        _ => None,
    }
}

fn page(page: &VisitedPage) -> wire::VisitedPage {
    wire::VisitedPage {
        url: page.url.clone(),
        referrer: page.referrer.clone(),
        visits: page.visits,
        on_page_ms: page.on_page_ms,
        on_site_ms: page.on_site_ms,
    }
}

fn assignee(assignee: &Assignee) -> wire::Assignee {
    wire::Assignee {
        kind: assignee.wire_kind().into(),
        id: assignee.id().to_owned(),
    }
}

pub(super) fn assignment(one: Assignment) -> wire::Assignment {
    wire::Assignment {
        version: one.version,
        assignee: Some(assignee(&one.assignee)),
        cause: AssignmentCause::from(one.cause).into(),
        by: one.by.as_ref().map(AgentId::to_string).unwrap_or_default(),
        at: Some(stamp(one.at)),
    }
}

/// Absent, or of no kind: nobody.
pub(super) fn read_assignee(field: &'static str, assignee: Option<wire::Assignee>) -> Result<Assignee> {
    let Some(assignee) = assignee else {
        return Ok(Assignee::Nobody);
    };
    let refuse = |_| Fault::invalid(field, "needs the slug of an agent or a team, as its kind says");
    let agent = || AgentId::parse(&assignee.id).map_err(refuse);
    match assignee.kind() {
        AssigneeKind::Unspecified if assignee.kind != 0 => {
            Err(Fault::invalid(field, "is of a kind that is not known here"))
        }
        AssigneeKind::Unspecified if !assignee.id.is_empty() => {
            Err(Fault::invalid(field, "needs a kind: agent, admin or team"))
        }
        AssigneeKind::Unspecified => Ok(Assignee::Nobody),
        AssigneeKind::Agent => Ok(Assignee::Agent(agent()?)),
        AssigneeKind::Admin => Ok(Assignee::Admin(agent()?)),
        AssigneeKind::Team => Ok(Assignee::Team(TeamId::parse(&assignee.id).map_err(refuse)?)),
    }
}

/// A workspace and something in it.
pub(super) fn place<T>(workspace: &str, id: Result<T, ::domain::Invalid>) -> Result<(WorkspaceId, T)> {
    Ok((WorkspaceId::parse(workspace)?, id?))
}
