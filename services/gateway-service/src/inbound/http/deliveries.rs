//! What became of messages that other systems deliver.

use super::conversations::resolve_name;
use super::extract::{Body, May, Write};
use super::problem::Answer;
use super::wire::{optional, time};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use events::common::MessageDeliveryState;
use fault::Fault;
use rpc::conversation::{self as wire, ReportDeliveryRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How far a delivery has come. What stands later outdoes what stands before it, in whatever order it is told.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is being handed over.
    Sending,
    /// It was handed over, perhaps: the answer was lost.
    Unknown,
    /// Somebody took it, and will bring it.
    Sent,
    /// It does not arrive.
    Failed,
    /// It arrived.
    Delivered,
    /// The customer has seen it.
    Read,
}

impl DeliveryState {
    fn to_wire(self) -> MessageDeliveryState {
        match self {
            Self::Sending => MessageDeliveryState::Sending,
            Self::Unknown => MessageDeliveryState::Unknown,
            Self::Sent => MessageDeliveryState::Sent,
            Self::Failed => MessageDeliveryState::Failed,
            Self::Delivered => MessageDeliveryState::Delivered,
            Self::Read => MessageDeliveryState::Read,
        }
    }

    fn of_wire(state: MessageDeliveryState) -> Option<Self> {
        let all = [
            Self::Sending,
            Self::Unknown,
            Self::Sent,
            Self::Failed,
            Self::Delivered,
            Self::Read,
        ];
        all.into_iter().find(|one| one.to_wire() == state)
    }
}

/// What is known of the delivery of a message.
#[derive(Serialize, ToSchema)]
pub struct Delivery {
    state: DeliveryState,
    /// A code, with failed and unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it became so.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Grows by one with each change.
    version: u64,
}

impl Delivery {
    /// `None` for a state that this version does not know.
    pub fn of_wire(found: wire::MessageDelivery) -> Option<Self> {
        Some(Self {
            state: DeliveryState::of_wire(found.state())?,
            reason: optional(found.reason),
            at: time(found.at),
            version: found.version,
        })
    }
}

/// What became of a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportDelivery {
    state: DeliveryState,
    /// For failed and unknown: a code of at most 64 characters out of a-z, 0-9, '.', '_' and '-'.
    #[serde(default)]
    reason: String,
}

/// Tells what became of a message that another system delivers: on channels other than sms and whatsapp, and not
/// of a customer's own. Repeated or late reports change nothing; the answer is how far it has come.
#[utoipa::path(put, path = "/v1/conversations/{conversation}/messages/{seq}/delivery", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"),
        ("seq" = u64, Path, description = "The message's, in its conversation")),
    request_body = ReportDelivery, security(("api_token" = ["write"])), responses((status = 200, body = Delivery),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn report_delivery(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path((name, seq)): Path<(String, String)>,
    Body(body): Body<ReportDelivery>,
) -> Answer<Json<Delivery>> {
    let seq = seq
        .parse()
        .map_err(|_| Fault::invalid("seq", "is not the number of a message in its conversation"))?;
    let request = ReportDeliveryRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        seq,
        state: body.state.to_wire().into(),
        reason: body.reason,
    };
    let answer = edge.conversations.report_delivery(request).await?;
    let known = answer.delivery.and_then(Delivery::of_wire);
    Ok(Json(known.ok_or_else(|| {
        Fault::internal("ReportDelivery answered without the delivery")
    })?))
}
