//! Copies of conversations, by mail.

use super::conversations::{IDEMPOTENCY_KEY, client_id, of_client_id, resolve_name};
use super::extract::{Body, May, Write, header_text};
use super::problem::Answer;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use domain::Email;
use rpc::conversation as wire;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestTranscript {
    /// The sender's own id, 1 to 100 characters: the same again asks for nothing more. The header `Idempotency-Key` may say it
    /// instead.
    client_id: Option<String>,
    /// What the customer gave; it is the conversation's address from then on. Left out: the one that was given before.
    email: Option<String>,
}

/// A copy that is on its way.
#[derive(Serialize, ToSchema)]
pub struct Transcript {
    /// UUID.
    transcript: String,
    /// It ends with the message of this sequence.
    up_to: u64,
}

/// Has a copy of the conversation mailed to its customer; at most 3 a day.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/transcripts", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"),
        ("Idempotency-Key" = Option<String>, Header, description = "In place of client_id")),
    request_body = RequestTranscript, security(("api_token" = ["write"])), responses((status = 200, body = Transcript),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn request_transcript(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(body): Body<RequestTranscript>,
) -> Answer<Json<Transcript>> {
    let request_id = client_id(body.client_id, header_text(&headers, IDEMPOTENCY_KEY))?;
    let email = body.email.unwrap_or_default().trim().to_owned();
    if !email.is_empty() {
        Email::parse(&email)?;
    }
    let request = wire::RequestTranscriptRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        request_id,
        email,
    };
    let answer = edge
        .conversations
        .request_transcript(request)
        .await
        .map_err(of_client_id)?;
    Ok(Json(Transcript {
        transcript: answer.transcript,
        up_to: answer.up_to_seq,
    }))
}
