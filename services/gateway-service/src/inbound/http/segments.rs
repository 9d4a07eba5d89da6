//! Contacts by what is known of them. Filters hold what people said, so they travel in bodies: addresses of requests end
//! up in logs of others.

use super::contacts::{ContactPage, Purpose};
use super::extract::{Body, Contacts, May};
use super::problem::{self, Answer};
use crate::app::authenticate_token::Caller;
use crate::app::edge::Edge;
use axum::Json;
use axum::body::{Body as Stream, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use rpc::contacts::{
    self as wire, CountSegmentRequest, ExportSegmentRequest, ExportSegmentResponse, ListSegmentRequest,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Lines of an export that are asked for at once.
const PAGE: u32 = 1_000;

/// Which contacts are meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountSegment {
    /// Only contacts that it sees: support or outreach.
    #[schema(inline)]
    purpose: Purpose,
    /// For example `stage = customer and purchases.last < days_ago(90)`, see the README of contacts-service; empty:
    /// everybody whom the purpose sees.
    #[serde(default)]
    filter: String,
}

/// How many contacts a filter means.
#[derive(Serialize, ToSchema)]
pub struct SegmentCount {
    contacts: u64,
}

/// Which contacts are meant, and which page of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSegment {
    /// Only contacts that it sees, and only what it sees of them: support or outreach.
    #[schema(inline)]
    purpose: Purpose,
    #[serde(default)]
    filter: String,
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// Which contacts are meant, and which custom values have a column.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportSegment {
    /// Only contacts that it sees, and only what it sees of them: support or outreach.
    #[schema(inline)]
    purpose: Purpose,
    #[serde(default)]
    filter: String,
    /// Keys of custom values, at most 50; they serve support alone.
    #[serde(default)]
    data: Vec<String>,
}

/// How many contacts a filter means. What is wrong with a filter is told with the place of its character.
#[utoipa::path(post, path = "/v1/contact-segments/count", tag = "contacts", request_body = CountSegment,
    security(("api_token" = ["contacts"])), responses((status = 200, body = SegmentCount),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn count_segment(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Body(body): Body<CountSegment>,
) -> Answer<Json<SegmentCount>> {
    let request = CountSegmentRequest {
        workspace: caller.workspace.to_string(),
        purpose: wire::Purpose::from(body.purpose).into(),
        filter: body.filter,
    };
    let contacts = edge.contacts.count_segment(&caller, request).await?.contacts;
    Ok(Json(SegmentCount { contacts }))
}

/// The contacts that a filter means, newest first.
#[utoipa::path(post, path = "/v1/contact-segments/list", tag = "contacts", request_body = ListSegment,
    security(("api_token" = ["contacts"])), responses((status = 200, body = ContactPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_segment(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Body(body): Body<ListSegment>,
) -> Answer<Json<ContactPage>> {
    let request = ListSegmentRequest {
        workspace: caller.workspace.to_string(),
        purpose: wire::Purpose::from(body.purpose).into(),
        filter: body.filter,
        page_size: body.page_size,
        page_token: body.page_token,
    };
    let page = edge.contacts.list_segment(&caller, request).await?;
    Ok(Json(ContactPage::of(page.contacts, page.next_page_token)))
}

/// All contacts that a filter means as CSV, newest first, page by page as they are read: an answer that breaks off before its
/// end is not all of them.
#[utoipa::path(post, path = "/v1/contact-segments/export", tag = "contacts", request_body = ExportSegment,
    security(("api_token" = ["contacts"])), responses((status = 200, body = String, content_type = "text/csv"),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn export_segment(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Body(body): Body<ExportSegment>,
) -> Answer<Response> {
    let request = ExportSegmentRequest {
        workspace: caller.workspace.to_string(),
        purpose: wire::Purpose::from(body.purpose).into(),
        filter: body.filter,
        data: body.data,
        page_size: PAGE,
        page_token: String::new(),
    };
    // What is refused is refused before the first line.
    let first = edge.contacts.export_segment(&caller, request.clone()).await?;
    let pages = stream::try_unfold(Some(Next::Page(first)), move |next| {
        page(edge.clone(), caller.clone(), request.clone(), next)
    });
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    let mut response = Stream::from_stream(pages).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, csv);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What an export goes on with.
enum Next {
    Page(ExportSegmentResponse),
    Token(String),
}

async fn page(
    edge: Arc<Edge>,
    caller: Caller,
    request: ExportSegmentRequest,
    next: Option<Next>,
) -> Result<Option<(Bytes, Option<Next>)>, fault::Fault> {
    let page = match next {
        None => return Ok(None),
        Some(Next::Page(page)) => page,
        Some(Next::Token(page_token)) => {
            let request = ExportSegmentRequest { page_token, ..request };
            let page = edge.contacts.export_segment(&caller, request).await;
            page.inspect_err(problem::log)?
        }
    };
    let next = (!page.next_page_token.is_empty()).then_some(Next::Token(page.next_page_token));
    Ok(Some((page.csv.into(), next)))
}
