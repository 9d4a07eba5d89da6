//! Faults as `application/problem+json`: the status of the fault's kind, its catalogue code, its public sentence.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Invalid;
use fault::{Fault, Kind, codes};
use serde::Serialize;
use utoipa::ToSchema;

/// A request that was not carried out.
pub struct Problem(pub Fault);

pub type Answer<T> = std::result::Result<T, Problem>;

/// RFC 9457, with the catalogue code and the field to blame.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// `urn:homing:error:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:homing:error:request.invalid")]
    kind: String,
    /// What the code means.
    title: &'a str,
    status: u16,
    /// What is wrong here, and what to do.
    detail: &'a str,
    /// Name in the catalogue of error codes.
    #[schema(example = "request.invalid")]
    code: &'a str,
    /// The field to blame, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self(invalid.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        log(&self.0);
        let status = StatusCode::from_u16(self.0.kind().http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        render(&self.0, status)
    }
}

/// The answer with a status of HTTP's own (405), where no kind of fault has it.
pub fn render(fault: &Fault, status: StatusCode) -> Response {
    let code = fault.code();
    let body = ProblemBody {
        kind: format!("urn:homing:error:{}", code.name),
        title: code.meaning,
        status: status.as_u16(),
        detail: fault.public(),
        code: code.name,
        field: fault.field(),
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if fault.kind() == Kind::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if fault.kind().may_retry() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Logs a fault at the boundary that answers it: loudly only what is ours.
pub fn log(fault: &Fault) {
    match fault.kind() {
        Kind::Internal => tracing::error!(code = fault.code().name, "{}", fault.chain()),
        Kind::Unavailable | Kind::Timeout => tracing::warn!(code = fault.code().name, "{}", fault.chain()),
        _ => tracing::debug!(code = fault.code().name, "{}", fault.chain()),
    }
}

/// The fault that a peer's outcome names by its code.
pub fn named(code: &str, reason: &str, field: &str) -> Fault {
    let fault = Fault::new(fault::codes::find(code).unwrap_or(&codes::INVALID_ARGUMENT), reason);
    if field.is_empty() { fault } else { fault.of(field) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status_and_tells_nothing_private() {
        for code in codes::CATALOGUE {
            let response = Problem(Fault::new(code, "do this").of("phone").because("private")).into_response();
            assert_eq!(response.status().as_u16(), code.kind.http(), "{}", code.name);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(
                response.headers().contains_key(header::RETRY_AFTER),
                code.kind.may_retry()
            );
        }
    }
}
