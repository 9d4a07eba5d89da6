//! Around every request: its span, its id, its address, its rate, its time. The path itself is never recorded: a
//! return link's token stands in it.

use super::extract::{Address, header_text};
use super::problem::Problem;
use crate::app::edge::Edge;
use crate::app::gate::Door;
use crate::domain::address::caller;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fault::{Fault, codes};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::{Instrument, Span, field};

const REQUEST_ID: &str = "x-request-id";
/// Longer than any peer's deadline: who waits longer is not helped by waiting.
const LONGEST: Duration = Duration::from_secs(20);

pub async fn observe(
    State(edge): State<Arc<Edge>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = request_id(&edge, request.headers());
    let method = method(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!(
        "http",
        otel.name = %format_args!("{} {route}", request.method()),
        otel.kind = "server",
        http.request.method = %request.method(),
        http.route = &route,
        http.response.status_code = field::Empty,
        request_id = id,
    );
    rpc::continue_trace(&span, request.headers());
    let address = caller(
        peer,
        header_text(request.headers(), "x-forwarded-for"),
        edge.settings.forwarded_hops,
    );
    request.extensions_mut().insert(Address(address));
    let door = if route.starts_with("/v1/callbacks/") {
        Door::Callback
    } else {
        Door::Request
    };
    let answer = async {
        if let Err(fault) = edge.gate.pass(door, address, edge.age()) {
            return Problem(fault).into_response();
        }
        match tokio::time::timeout(LONGEST, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem(Fault::new(&codes::TIMEOUT, "it took too long; try again")).into_response(),
        }
    };
    let mut response = answer.instrument(span.clone()).await;
    finish(&span, &mut response, &id);
    let status = response.status().as_u16();
    edge.meters.answered(method, &route, status, began.elapsed());
    response
}

/// Of the methods that there are; a caller may make up any other.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        "HEAD" => "HEAD",
        _ => "_OTHER",
    }
}

fn finish(span: &Span, response: &mut Response, id: &str) {
    span.record("http.response.status_code", response.status().as_u16());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
}

/// The caller's own id where it is a sane one.
fn request_id(edge: &Edge, headers: &HeaderMap) -> String {
    let sane = |id: &&str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match header_text(headers, REQUEST_ID).filter(sane) {
        Some(id) => id.to_owned(),
        None => edge.entropy.id().to_string(),
    }
}
