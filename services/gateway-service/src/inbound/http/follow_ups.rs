//! Follow-ups: what was decided, sent, and why.

use super::conversations::resolve_name;
use super::extract::{May, Params, Read};
use super::problem::Answer;
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::{FollowUpId, WorkspaceId};
use events::common::MessageKind;
use events::event::{DeliveryPurpose, FollowUpEnd};
use rpc::notifier::explain_follow_up_request::Of;
use rpc::notifier::{self as wire, DeliveryStatus, ExplainFollowUpRequest, FollowUpState, ListFollowUpsRequest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const END: &str = "FOLLOW_UP_END_";

/// One follow-up.
#[derive(Serialize, ToSchema)]
pub struct FollowUp {
    /// UUID.
    follow_up: String,
    conversation: String,
    /// First unread answer that it is about, and the last.
    from_seq: u64,
    to_seq: u64,
    /// watching, running, deferred or done.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// read, replied, returned, exhausted, no_address, switched_off, marked, agent_opened, superseded, too_old or
    /// no_presence.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_reason: Option<String>,
    end_causes: Vec<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// When the next decision is due; absent when none is.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    /// W3C trace id in which it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl From<wire::FollowUp> for FollowUp {
    fn from(found: wire::FollowUp) -> Self {
        let state = FollowUpState::try_from(found.state).unwrap_or_default();
        Self {
            state: word(state.as_str_name(), "FOLLOW_UP_STATE_"),
            end_reason: end(found.end_reason),
            end_causes: found.end_causes.iter().filter_map(|cause| end(*cause)).collect(),
            follow_up: found.follow_up,
            conversation: found.conversation,
            from_seq: found.from_seq,
            to_seq: found.to_seq,
            started_at: time(found.started_at),
            due_at: time(found.due_at),
            trace_id: optional(found.trace_id),
        }
    }
}

fn end(reason: i32) -> Option<String> {
    word(FollowUpEnd::try_from(reason).unwrap_or_default().as_str_name(), END)
}

/// One outside message.
#[derive(Serialize, ToSchema)]
pub struct Delivery {
    /// UUID.
    delivery: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    follow_up: Option<String>,
    /// follow_up, confirmation, keyword (the answer to STOP, START or HELP), or message: what an agent wrote on a channel that
    /// carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    /// sms, lms, email or whatsapp.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    parts: u32,
    /// Cost in micro-PU.
    micro_pu: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// Catalogue code where it failed or was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Sequence of the message that it carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
}

impl From<wire::Delivery> for Delivery {
    fn from(found: wire::Delivery) -> Self {
        let purpose = DeliveryPurpose::try_from(found.purpose).unwrap_or_default();
        let kind = MessageKind::try_from(found.kind).unwrap_or_default();
        let status = DeliveryStatus::try_from(found.status).unwrap_or_default();
        Self {
            purpose: word(purpose.as_str_name(), "DELIVERY_PURPOSE_"),
            kind: word(kind.as_str_name(), "MESSAGE_KIND_"),
            status: word(status.as_str_name(), "DELIVERY_STATUS_"),
            delivery: found.delivery,
            follow_up: optional(found.follow_up),
            parts: found.parts,
            micro_pu: found.micro_pu,
            provider: optional(found.provider),
            reason: optional(found.reason),
            at: time(found.at),
            seq: Some(found.seq).filter(|seq| *seq > 0),
        }
    }
}

/// One line of the history.
#[derive(Serialize, ToSchema)]
pub struct TimelineEntry {
    number: u64,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// What was decided or happened.
    what: String,
    /// The facts it was made from.
    facts: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    follow_up: Option<String>,
}

/// Everything decided, with the facts behind each decision.
#[derive(Serialize, ToSchema)]
pub struct Explanation {
    /// One sentence for people.
    summary: String,
    follow_ups: Vec<FollowUp>,
    deliveries: Vec<Delivery>,
    timeline: Vec<TimelineEntry>,
    /// There is more than this: the newest 200 follow-ups, 500 deliveries and 1,000 lines are shown.
    truncated: bool,
}

impl From<wire::ExplainFollowUpResponse> for Explanation {
    fn from(found: wire::ExplainFollowUpResponse) -> Self {
        let line = |entry: wire::TimelineEntry| TimelineEntry {
            number: entry.number,
            at: time(entry.at),
            what: entry.what,
            facts: entry.facts.into_iter().collect(),
            delivery: optional(entry.delivery),
            follow_up: optional(entry.follow_up),
        };
        Self {
            summary: found.summary,
            follow_ups: found.follow_ups.into_iter().map(Into::into).collect(),
            deliveries: found.deliveries.into_iter().map(Into::into).collect(),
            timeline: found.timeline.into_iter().map(line).collect(),
            truncated: found.truncated,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListFollowUps {
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
    /// UUID; left out: all conversations.
    #[serde(default)]
    conversation: String,
}

/// A page of follow-ups.
#[derive(Serialize, ToSchema)]
pub struct FollowUpPage {
    follow_ups: Vec<FollowUp>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// Follow-ups, newest first.
#[utoipa::path(get, path = "/v1/follow-ups", tag = "follow-ups", params(ListFollowUps),
    security(("api_token" = ["read"])), responses((status = 200, body = FollowUpPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_follow_ups(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<ListFollowUps>,
) -> Answer<Json<FollowUpPage>> {
    let request = ListFollowUpsRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
        conversation: params.conversation,
    };
    let page = edge.follow_ups.list_follow_ups(request).await?;
    Ok(Json(FollowUpPage {
        follow_ups: page.follow_ups.into_iter().map(Into::into).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

/// Why a follow-up sent what it sent, or nothing.
#[utoipa::path(get, path = "/v1/follow-ups/{follow_up}/explain", tag = "follow-ups",
    params(("follow_up" = String, Path, description = "UUID")), security(("api_token" = ["read"])),
    responses((status = 200, body = Explanation),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn explain_follow_up(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(follow_up): Path<String>,
) -> Answer<Json<Explanation>> {
    let follow_up = FollowUpId::parse(&follow_up)?.to_string();
    explain(&edge, &caller.workspace, Of::FollowUp(follow_up)).await
}

/// Why anything, or nothing, was sent about a conversation.
#[utoipa::path(get, path = "/v1/conversations/{conversation}/explain", tag = "follow-ups",
    params(("conversation" = String, Path, description = "UUID or number")), security(("api_token" = ["read"])),
    responses((status = 200, body = Explanation),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn explain_conversation(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(name): Path<String>,
) -> Answer<Json<Explanation>> {
    let conversation = resolve_name(&edge, &caller, &name).await?;
    explain(&edge, &caller.workspace, Of::Conversation(conversation)).await
}

async fn explain(edge: &Edge, workspace: &WorkspaceId, of: Of) -> Answer<Json<Explanation>> {
    let request = ExplainFollowUpRequest {
        workspace: workspace.to_string(),
        of: Some(of),
    };
    Ok(Json(edge.follow_ups.explain_follow_up(request).await?.into()))
}
