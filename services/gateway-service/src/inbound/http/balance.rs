//! What is left.

use super::extract::{May, Read};
use super::problem::Answer;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::State;
use rpc::billing::GetBalanceRequest;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

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
