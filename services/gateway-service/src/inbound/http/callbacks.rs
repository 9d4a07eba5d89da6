//! What providers call. Forwarded exactly as it came: the notifier checks signature and code.

use super::extract::{Raw, expect_type, header_text};
use super::problem::Answer;
use crate::app::edge::Edge;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};
use domain::{DeliveryId, WorkspaceId};
use fault::Fault;
use rpc::notifier::{Parameter, RecordReceiptRequest};
use std::sync::Arc;

/// More fields than any provider sends.
const MOST_PARAMETERS: usize = 100;

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
    expect_type(&headers, &["application/x-www-form-urlencoded"])?;
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_bytes(&body).map_err(|_| Fault::invalid("body", "is not a form"))?;
    if pairs.len() > MOST_PARAMETERS {
        return Err(Fault::invalid("body", "has more than 100 fields").into());
    }
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let request = RecordReceiptRequest {
        workspace: workspace.to_string(),
        delivery: delivery.to_string(),
        mac,
        // The signature covers the URL that the provider called, not the one that a proxy made of it.
        url: format!("{}{path}", edge.settings.public_url),
        params: pairs
            .into_iter()
            .map(|(name, value)| Parameter { name, value })
            .collect(),
        signature: header_text(&headers, "x-twilio-signature")
            .unwrap_or_default()
            .to_owned(),
    };
    edge.follow_ups.record_receipt(request).await?;
    Ok(StatusCode::NO_CONTENT)
}
