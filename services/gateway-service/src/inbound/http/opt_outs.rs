//! Who wants no messages of a workspace.

use super::extract::{Body, May, Write};
use super::problem::Answer;
use crate::app::edge::Edge;
use axum::extract::State;
use axum::http::StatusCode;
use fault::Fault;
use rpc::notifier::SetOptOutRequest;
use rpc::notifier::set_opt_out_request::Address;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// An address, and whether it is written to; either a phone number or an e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptOut {
    /// E.164, for example +48600700123.
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// False: it is written to again.
    opted_out: bool,
}

/// Opts an address out of, or back into, everything that the workspace sends.
#[utoipa::path(put, path = "/v1/opt-outs", tag = "follow-ups", security(("api_token" = ["write"])),
    request_body = OptOut, responses((status = 204),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_opt_out(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Body(body): Body<OptOut>,
) -> Answer<StatusCode> {
    let address = match (body.phone, body.email) {
        (Some(phone), None) => Address::Phone(phone),
        (None, Some(email)) => Address::Email(email),
        _ => return Err(Fault::invalid("address", "give either a phone or an email").into()),
    };
    let request = SetOptOutRequest {
        workspace: caller.workspace.to_string(),
        address: Some(address),
        opted_out: body.opted_out,
    };
    edge.follow_ups.set_opt_out(request).await?;
    Ok(StatusCode::NO_CONTENT)
}
