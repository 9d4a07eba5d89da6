//! The log of single messages.

use super::extract::{May, Params, Read};
use super::problem::Answer;
use super::wire::{Kind, instant, message_kind, optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::State;
use events::common::MessageKind;
use rpc::billing::{self as wire, HoldState, ListChargesRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListCharges {
    /// 1 to 500; 100 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
    /// RFC 3339; only what was held from then on. Needs `to`, at most 400 days later.
    from: Option<String>,
    /// RFC 3339, exclusive. Needs `from`.
    to: Option<String>,
    /// Only in this state: held, captured, released or expired.
    #[param(inline)]
    state: Option<ChargeState>,
    /// Only of this kind: sms, lms, email or whatsapp.
    #[param(inline)]
    kind: Option<Kind>,
    /// Only to this country: two capital letters of ISO 3166.
    country: Option<String>,
}

/// Where the money of a message is.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargeState {
    Held,
    Captured,
    Released,
    Expired,
}

impl From<ChargeState> for HoldState {
    fn from(state: ChargeState) -> Self {
        match state {
            ChargeState::Held => Self::Held,
            ChargeState::Captured => Self::Captured,
            ChargeState::Released => Self::Released,
            ChargeState::Expired => Self::Expired,
        }
    }
}

/// A page of charges.
#[derive(Serialize, ToSchema)]
pub struct ChargePage {
    charges: Vec<Charge>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// One message as it was charged.
#[derive(Serialize, ToSchema)]
pub struct Charge {
    /// UUID.
    delivery: String,
    /// sms, lms, email or whatsapp.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    parts: u32,
    micro_pu: i64,
    /// held, captured, released or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// What the provider's receipt said: delivered or undelivered. Absent: none came. The charge stands either way.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// When that was so.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_at: Option<String>,
}

/// The log of single messages with status and cost, newest first.
#[utoipa::path(get, path = "/v1/charges", tag = "billing", params(ListCharges), security(("api_token" = ["read"])),
    responses((status = 200, body = ChargePage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_charges(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<ListCharges>,
) -> Answer<Json<ChargePage>> {
    let request = ListChargesRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
        from: instant("from", params.from)?.map(events::stamp),
        to: instant("to", params.to)?.map(events::stamp),
        state: params.state.map_or(HoldState::Unspecified, HoldState::from).into(),
        kind: params.kind.map_or(MessageKind::Unspecified, MessageKind::from).into(),
        country: params.country.unwrap_or_default(),
    };
    let page = edge.billing.list_charges(request).await?;
    let charge = |charge: wire::Charge| Charge {
        kind: message_kind(charge.kind),
        state: word(
            HoldState::try_from(charge.state).unwrap_or_default().as_str_name(),
            "HOLD_STATE_",
        ),
        delivery: charge.delivery,
        country: optional(charge.country),
        parts: charge.parts,
        micro_pu: charge.micro_pu,
        at: time(charge.at),
        receipt: word(
            wire::Receipt::try_from(charge.receipt)
                .unwrap_or_default()
                .as_str_name(),
            "RECEIPT_",
        ),
        receipt_at: time(charge.receipt_at),
    };
    Ok(Json(ChargePage {
        charges: page.charges.into_iter().map(charge).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}
