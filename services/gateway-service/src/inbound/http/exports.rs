//! Everything that is kept of a person, for the person.

use super::extract::{May, Privacy};
use super::problem::{self, Answer};
use crate::app::authenticate_token::Caller;
use crate::app::edge::Edge;
use axum::body::{Body as Stream, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::ContactId;
use futures::stream;
use rpc::contacts::{ExportPersonRequest, ExportPersonResponse};
use std::sync::Arc;

/// Everything that is kept of a contact, and of all that went into it, as one JSON document, piece by piece as it is read: one that
/// breaks off before its end is not all of it. Its `entries` say where each is `from`, what `kind` it is, and its `data` as they are kept.
#[utoipa::path(get, path = "/v1/contacts/{contact}/export", tag = "contacts",
    params(("contact" = String, Path, description = "UUID")), security(("api_token" = ["privacy"])),
    responses((status = 200, body = Object, content_type = "application/json"),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn export_person(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Privacy>,
    Path(contact): Path<String>,
) -> Answer<Response> {
    let request = ExportPersonRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        page_token: String::new(),
    };
    // What is refused is refused before the first piece.
    let first = edge.contacts.export_person(&caller, request.clone()).await?;
    let pieces = stream::try_unfold(Some(Next::Piece(first)), move |next| {
        piece(edge.clone(), caller.clone(), request.clone(), next)
    });
    let mut response = Stream::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What an export goes on with.
enum Next {
    Piece(ExportPersonResponse),
    Token(String),
}

async fn piece(
    edge: Arc<Edge>,
    caller: Caller,
    request: ExportPersonRequest,
    next: Option<Next>,
) -> Result<Option<(Bytes, Option<Next>)>, fault::Fault> {
    let piece = match next {
        None => return Ok(None),
        Some(Next::Piece(piece)) => piece,
        Some(Next::Token(page_token)) => {
            let request = ExportPersonRequest { page_token, ..request };
            let piece = edge.contacts.export_person(&caller, request).await;
            piece.inspect_err(problem::log)?
        }
    };
    let next = (!piece.next_page_token.is_empty()).then_some(Next::Token(piece.next_page_token));
    Ok(Some((piece.json.into(), next)))
}
