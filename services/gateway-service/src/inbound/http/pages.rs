//! The few pages of our own: a landing page, and one small chat page that shows the whole protocol.

use crate::app::edge::Edge;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

const LANDING: &str = include_str!("pages/landing.html");
const CHAT: &str = include_str!("pages/chat.html");
/// For links that have expired.
pub const LINK_GONE: &str = include_str!("pages/link_gone.html");

/// These pages carry their script and style with them and load nothing.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self' ws: wss:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page with one form that leads back to itself, and no script.
const FORM_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub fn html(status: StatusCode, page: &'static str) -> Response {
    with_policy(status, POLICY, page)
}

/// A page with a form.
pub fn form(status: StatusCode, page: String) -> Response {
    with_policy(status, FORM_POLICY, page)
}

fn with_policy(status: StatusCode, policy: &'static str, page: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, page).into_response()
}

pub async fn landing() -> Response {
    html(StatusCode::OK, LANDING)
}

/// `/demo/<workspace>/<channel>` and `/chat#homing=<token>`: the page reads its own address.
pub async fn chat() -> Response {
    html(StatusCode::OK, CHAT)
}

/// The loop turns.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200)))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Send requests here; false while the process stops.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200), (status = 503)))]
pub async fn readyz(State(edge): State<Arc<Edge>>) -> (StatusCode, &'static str) {
    if edge.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        (StatusCode::OK, "ok\n")
    }
}
