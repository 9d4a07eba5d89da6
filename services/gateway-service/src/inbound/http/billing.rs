//! What messages cost.

use super::extract::{May, Params, Read};
use super::problem::Answer;
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use events::common::MessageKind;
use fault::{Fault, Result};
use jiff::SignedDuration;
use rpc::billing::{self as wire, GetBalanceRequest, GetUsageRequest, HoldState, ListChargesRequest, UsageBy};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Usage of the last month, where no beginning is named.
const DEFAULT_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How usage is summed.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    #[default]
    Day,
    Month,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GetUsage {
    /// RFC 3339; 30 days before `to` if left out.
    from: Option<String>,
    /// RFC 3339, exclusive; now if left out.
    to: Option<String>,
    /// day or month.
    #[serde(default)]
    #[param(inline)]
    by: Period,
}

/// Sums of what was used.
#[derive(Serialize, ToSchema)]
pub struct Usage {
    rows: Vec<UsageRow>,
    total_micro_pu: i64,
}

/// One sum.
#[derive(Serialize, ToSchema)]
pub struct UsageRow {
    /// 2026-11-21, or 2026-11; in the workspace's time zone.
    period: String,
    /// sms, lms or email.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    messages: u64,
    parts: u64,
    micro_pu: i64,
}

/// What was used, by day or month and kind. Amounts are micro-PU.
#[utoipa::path(get, path = "/v1/usage", tag = "billing", params(GetUsage), security(("api_token" = ["read"])),
    responses((status = 200, body = Usage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_usage(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<GetUsage>,
) -> Answer<Json<Usage>> {
    let to = instant("to", params.to)?.unwrap_or_else(|| edge.now());
    let from = match instant("from", params.from)? {
        Some(from) => from,
        None => to.checked_sub(DEFAULT_SPAN).map_err(Fault::internal)?,
    };
    let by = match params.by {
        Period::Day => UsageBy::Day,
        Period::Month => UsageBy::Month,
    };
    let request = GetUsageRequest {
        workspace: caller.workspace.to_string(),
        from: Some(events::stamp(from)),
        to: Some(events::stamp(to)),
        by: by.into(),
        ..Default::default()
    };
    let usage = edge.billing.get_usage(request).await?;
    let row = |row: wire::UsageRow| UsageRow {
        kind: kind(row.kind),
        period: row.period,
        country: optional(row.country),
        messages: row.messages,
        parts: row.parts,
        micro_pu: row.micro_pu,
    };
    Ok(Json(Usage {
        rows: usage.rows.into_iter().map(row).collect(),
        total_micro_pu: usage.total_micro_pu,
    }))
}

fn instant(field: &str, text: Option<String>) -> Result<Option<Timestamp>> {
    let read = |text: String| {
        text.parse()
            .map_err(|_| Fault::invalid(field, "needs the form 2026-11-21T00:00:00Z"))
    };
    text.map(read).transpose()
}

fn kind(kind: i32) -> Option<String> {
    word(
        MessageKind::try_from(kind).unwrap_or_default().as_str_name(),
        "MESSAGE_KIND_",
    )
}

/// What is left.
#[derive(Serialize, ToSchema)]
pub struct Balance {
    /// Free to spend.
    available_micro_pu: i64,
    /// Reserved by holds.
    held_micro_pu: i64,
}

/// What is left. Amounts are micro-PU.
#[utoipa::path(get, path = "/v1/balance", tag = "billing", security(("api_token" = ["read"])),
    responses((status = 200, body = Balance),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_balance(State(edge): State<Arc<Edge>>, May(caller, _): May<Read>) -> Answer<Json<Balance>> {
    let request = GetBalanceRequest {
        workspace: caller.workspace.to_string(),
    };
    let balance = edge.billing.get_balance(request).await?.balance.unwrap_or_default();
    Ok(Json(Balance {
        available_micro_pu: balance.available_micro_pu,
        held_micro_pu: balance.held_micro_pu,
    }))
}

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
    /// sms, lms or email.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    parts: u32,
    micro_pu: i64,
    /// held, not_covered, captured, released or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
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
        ..Default::default()
    };
    let page = edge.billing.list_charges(request).await?;
    let charge = |charge: wire::Charge| Charge {
        kind: kind(charge.kind),
        state: word(
            HoldState::try_from(charge.state).unwrap_or_default().as_str_name(),
            "HOLD_STATE_",
        ),
        delivery: charge.delivery,
        country: optional(charge.country),
        parts: charge.parts,
        micro_pu: charge.micro_pu,
        at: time(charge.at),
    };
    Ok(Json(ChargePage {
        charges: page.charges.into_iter().map(charge).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}
