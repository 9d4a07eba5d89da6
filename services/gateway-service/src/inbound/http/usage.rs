//! What was used.

use super::extract::{May, Params, Read};
use super::problem::Answer;
use super::wire::{Kind, instant, message_kind, optional};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::State;
use events::common::MessageKind;
use fault::Fault;
use jiff::SignedDuration;
use rpc::billing::{self as wire, GetUsageRequest, UsageBy};
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
    /// Only of this kind: sms, lms, email or whatsapp.
    #[param(inline)]
    kind: Option<Kind>,
    /// Only to this country: two capital letters of ISO 3166.
    country: Option<String>,
}

/// Sums of what was used.
#[derive(Serialize, ToSchema)]
pub struct Usage {
    rows: Vec<UsageRow>,
    total_messages: u64,
    total_parts: u64,
    total_micro_pu: i64,
    /// IANA name of the time zone in which days and months begin.
    time_zone: String,
}

/// One sum.
#[derive(Serialize, ToSchema)]
pub struct UsageRow {
    /// 2026-11-21, or 2026-11; in the workspace's time zone.
    period: String,
    /// sms, lms, email or whatsapp.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    messages: u64,
    parts: u64,
    micro_pu: i64,
}

/// What was used, by day or month, kind and country. Amounts are micro-PU.
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
        kind: params.kind.map_or(MessageKind::Unspecified, MessageKind::from).into(),
        country: params.country.unwrap_or_default(),
    };
    let usage = edge.billing.get_usage(request).await?;
    let row = |row: wire::UsageRow| UsageRow {
        kind: message_kind(row.kind),
        period: row.period,
        country: optional(row.country),
        messages: row.messages,
        parts: row.parts,
        micro_pu: row.micro_pu,
    };
    Ok(Json(Usage {
        rows: usage.rows.into_iter().map(row).collect(),
        total_messages: usage.total_messages,
        total_parts: usage.total_parts,
        time_zone: usage.time_zone,
        total_micro_pu: usage.total_micro_pu,
    }))
}
