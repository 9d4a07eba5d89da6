//! CloudEvents of other systems, singly or in batches.

use super::extract::{Ingest, May, Raw, expect_type};
use super::problem::{Answer, named};
use crate::app::edge::Edge;
use crate::app::ingest_events::ingest_events;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::limits;
use fault::{Fault, Result, codes};
use rpc::conversation::IngestOutcome;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use utoipa::ToSchema;

const SINGLE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// What became of one event.
#[derive(Serialize, ToSchema)]
pub struct Outcome {
    /// The event's id, empty if it could not be read.
    id: String,
    /// Accepted now, or earlier with the same content.
    accepted: bool,
    /// Name in the catalogue of error codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What is wrong and how to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// True: the same event may succeed later.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    retry: bool,
}

/// One outcome per event of a batch, in order.
#[derive(Serialize, ToSchema)]
pub struct Outcomes {
    outcomes: Vec<Outcome>,
}

impl From<IngestOutcome> for Outcome {
    fn from(found: IngestOutcome) -> Self {
        use super::wire::optional;
        Self {
            id: found.id,
            accepted: found.accepted,
            code: optional(found.code),
            reason: optional(found.reason),
            field: optional(found.field),
            retry: found.retry,
        }
    }
}

/// Takes one CloudEvents 1.0 document (refused as a problem), or a batch of up to 500 (answered per item), after the
/// commit. Workspace and integration come from the token. Repeating an event is harmless.
#[utoipa::path(post, path = "/v1/events", tag = "events", security(("api_token" = ["ingest"])),
    request_body(content(
        (serde_json::Value = "application/cloudevents+json"),
        (Vec<serde_json::Value> = "application/cloudevents-batch+json"))),
    responses((status = 200, description = "One outcome, or one per item", content(
        (Outcome = "application/json"), (Outcomes = "application/json"))),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn post_events(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Ingest>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Answer<Response> {
    if expect_type(&headers, &[SINGLE, BATCH])? == BATCH {
        let outcomes = ingest_events(&edge, &caller, items(&body)?).await?;
        let outcomes = outcomes.into_iter().map(Into::into).collect();
        return Ok(Json(Outcomes { outcomes }).into_response());
    }
    let outcomes = ingest_events(&edge, &caller, vec![body.to_vec()]).await?;
    let outcome = outcomes
        .into_iter()
        .next()
        .ok_or_else(|| Fault::internal("IngestEvents answered nothing"))?;
    if outcome.accepted {
        Ok(Json(Outcome::from(outcome)).into_response())
    } else {
        Err(named(&outcome.code, &outcome.reason, &outcome.field).into())
    }
}

/// The documents of a batch as they came, byte for byte.
fn items(body: &[u8]) -> Result<Vec<Vec<u8>>> {
    let items: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
        Fault::new(
            &codes::MALFORMED,
            format!("is not a JSON array, see line {}", error.line()),
        )
        .of("body")
    })?;
    if items.len() > limits::INGEST_BATCH {
        let most = limits::INGEST_BATCH;
        return Err(Fault::new(
            &codes::TOO_LARGE,
            format!("holds more than {most} events; send them in parts"),
        )
        .of("body"));
    }
    Ok(items.into_iter().map(|item| item.get().as_bytes().to_vec()).collect())
}
