//! What providers call. Forwarded exactly as it came: the notifier checks signature and code.

use super::extract::{Raw, expect_type, header_text};
use super::problem::Answer;
use crate::app::edge::Edge;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::IntoResponse;
use domain::{DeliveryId, WorkspaceId};
use fault::{Fault, Result};
use rpc::notifier::{Parameter, RecordInboundTextRequest, RecordReceiptRequest};
use std::sync::Arc;

/// More fields than any provider sends.
const MOST_PARAMETERS: usize = 100;
/// TwiML without a reply.
const NOTHING_TO_SAY: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;

/// A provider's status callback for a text.
#[utoipa::path(post, path = "/v1/callbacks/sms/{workspace}/{delivery}/{mac}", tag = "callbacks",
    params(("workspace" = String, Path), ("delivery" = String, Path), ("mac" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 204, description = "Taken, now or earlier"),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn record_receipt(
    State(edge): State<Arc<Edge>>,
    Path((workspace, delivery, mac)): Path<(String, String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Answer<StatusCode> {
    let workspace = WorkspaceId::parse(&workspace)?;
    let delivery = DeliveryId::parse(&delivery)?;
    let request = RecordReceiptRequest {
        workspace: workspace.to_string(),
        delivery: delivery.to_string(),
        mac,
        url: called(&edge, &uri),
        params: form(&headers, &body)?,
        signature: signature(&headers),
    };
    edge.follow_ups.record_receipt(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same of a provider that calls by GET (Kannel): everything stands in the address.
#[utoipa::path(get, path = "/v1/callbacks/sms/{workspace}/{delivery}/{mac}", tag = "callbacks",
    params(("workspace" = String, Path), ("delivery" = String, Path), ("mac" = String, Path),
    ("provider" = String, Query, description = "Which of the configured providers calls"),
    ("status" = String, Query, description = "Kannel's %d"), ("id" = Option<String>, Query, description = "Kannel's %F")),
    responses((status = 204, description = "Taken, now or earlier"),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn record_receipt_by_get(
    State(edge): State<Arc<Edge>>,
    Path((workspace, delivery, mac)): Path<(String, String, String)>,
    OriginalUri(uri): OriginalUri,
) -> Answer<StatusCode> {
    let request = RecordReceiptRequest {
        workspace: WorkspaceId::parse(&workspace)?.to_string(),
        delivery: DeliveryId::parse(&delivery)?.to_string(),
        mac,
        url: called(&edge, &uri),
        ..Default::default()
    };
    edge.follow_ups.record_receipt(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A text that somebody wrote to the workspace's number, from a provider that calls by GET (Kannel): everything stands
/// in the address. The answer is empty.
#[utoipa::path(get, path = "/v1/callbacks/sms/{workspace}/inbound", tag = "callbacks",
    params(("workspace" = String, Path),
    ("provider" = String, Query, description = "Which of the configured providers calls"),
    ("token" = String, Query, description = "The provider's inbound token"),
    ("from" = String, Query, description = "Kannel's %p"), ("to" = Option<String>, Query, description = "Kannel's %P"),
    ("text" = Option<String>, Query, description = "Kannel's %b"),
    ("charset" = Option<String>, Query, description = "Kannel's %C"),
    ("id" = String, Query, description = "Kannel's %I")),
    responses((status = 200, description = "Taken, now or earlier"),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn record_inbound_text_by_get(
    State(edge): State<Arc<Edge>>,
    Path(workspace): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Answer<StatusCode> {
    let request = RecordInboundTextRequest {
        workspace: WorkspaceId::parse(&workspace)?.to_string(),
        url: called(&edge, &uri),
        ..Default::default()
    };
    edge.follow_ups.record_inbound_text(request).await?;
    Ok(StatusCode::OK)
}

/// A text that somebody wrote to the workspace's number. The answer is TwiML that says nothing.
#[utoipa::path(post, path = "/v1/callbacks/sms/{workspace}/inbound", tag = "callbacks",
    params(("workspace" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Taken, now or earlier", content_type = "text/xml"),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn record_inbound_text(
    State(edge): State<Arc<Edge>>,
    Path(workspace): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Answer<impl IntoResponse> {
    let request = RecordInboundTextRequest {
        workspace: WorkspaceId::parse(&workspace)?.to_string(),
        url: called(&edge, &uri),
        params: form(&headers, &body)?,
        signature: signature(&headers),
    };
    edge.follow_ups.record_inbound_text(request).await?;
    Ok(([(header::CONTENT_TYPE, "text/xml")], NOTHING_TO_SAY))
}

/// The URL that the provider called and signed, not the one that a proxy made of it.
fn called(edge: &Edge, uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    format!("{}{path}", edge.settings.public_url)
}

fn form(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Parameter>> {
    expect_type(headers, &["application/x-www-form-urlencoded"])?;
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_bytes(body).map_err(|_| Fault::invalid("body", "is not a form"))?;
    if pairs.len() > MOST_PARAMETERS {
        return Err(Fault::invalid("body", "has more than 100 fields"));
    }
    let parameters = pairs.into_iter().map(|(name, value)| Parameter { name, value });
    Ok(parameters.collect())
}

fn signature(headers: &HeaderMap) -> String {
    header_text(headers, "x-twilio-signature")
        .unwrap_or_default()
        .to_owned()
}
