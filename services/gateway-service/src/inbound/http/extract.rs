//! What handlers take out of a request. Whatever does not fit is answered as a problem that names the field.

use super::problem::Problem;
use crate::app::authenticate_token::{Caller, authenticate_token};
use crate::app::edge::Edge;
use crate::domain::tagged::is_name;
use crate::domain::token::Token;
use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::AgentId;
use fault::{Fault, Result, codes};
use futures::StreamExt;
use http_body_util::LengthLimitError;
use rpc::conversation::Scope;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long more is thrown away of a body that is too large.
const REST_WITHIN: Duration = Duration::from_secs(2);

/// The caller's address; the outermost layer finds it out.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Problem> {
        let address = parts.extensions.get::<Self>().copied();
        address.ok_or_else(|| Problem(Fault::internal("the outermost layer did not note the address")))
    }
}

/// The page's origin, as the browser tells it.
pub struct Origin(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Problem> {
        Ok(Self(
            header_text(&parts.headers, header::ORIGIN.as_str()).map(str::to_owned),
        ))
    }
}

/// A header's value; one that is no text counts as the empty one, which fits nothing.
pub fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// A scope that a route needs.
pub trait Needs: Send + Sync {
    const SCOPE: Scope;
}

/// Publish events.
pub struct Ingest;
/// Read.
pub struct Read;
/// Post, resolve.
pub struct Write;
/// Change settings.
pub struct Admin;
/// Read and change contacts.
pub struct Contacts;
/// Export all that is kept of people, and erase them.
pub struct Privacy;

impl Needs for Ingest {
    const SCOPE: Scope = Scope::Ingest;
}
impl Needs for Read {
    const SCOPE: Scope = Scope::Read;
}
impl Needs for Write {
    const SCOPE: Scope = Scope::Write;
}
impl Needs for Admin {
    const SCOPE: Scope = Scope::Admin;
}
impl Needs for Contacts {
    const SCOPE: Scope = Scope::Contacts;
}
impl Needs for Privacy {
    const SCOPE: Scope = Scope::Privacy;
}

/// For which agent an integration calls, and which role the agent has.
const AGENT: &str = "homing-agent";
const ROLE: &str = "homing-role";

/// An integration whose token has the scope, and for whom it says that it calls.
pub struct May<N>(pub Caller, pub PhantomData<N>);

impl<N: Needs> FromRequestParts<Arc<Edge>> for May<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Arc<Edge>) -> std::result::Result<Self, Problem> {
        let mut caller = authenticate_token(edge, bearer(&parts.headers)?).await?;
        caller.must(N::SCOPE)?;
        let agent = header_text(&parts.headers, AGENT).map(AgentId::parse).transpose();
        caller.agent = agent.map_err(|invalid| invalid.of(AGENT))?;
        caller.role = header_text(&parts.headers, ROLE).map(str::to_owned);
        Ok(Self(caller, PhantomData))
    }
}

/// The session token of `Authorization: Bearer`.
pub struct SessionToken(pub Token);

impl<S: Send + Sync> FromRequestParts<S> for SessionToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Problem> {
        let token = Token::parse(bearer(&parts.headers)?, "session")
            .map_err(|invalid| Fault::new(&codes::UNAUTHENTICATED, invalid.remedy).of("session"))?;
        Ok(Self(token))
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let missing = || {
        Fault::new(
            &codes::UNAUTHENTICATED,
            "send the header 'Authorization: Bearer <token>'",
        )
    };
    let value = header_text(headers, header::AUTHORIZATION.as_str()).ok_or_else(missing)?;
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() {
        Ok(token.trim())
    } else {
        Err(missing())
    }
}

/// The body as it came, within the route's limit and in time.
pub struct Raw(pub Bytes);

impl FromRequest<Arc<Edge>> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, edge: &Arc<Edge>) -> std::result::Result<Self, Problem> {
        let within = edge.settings.body_within;
        match tokio::time::timeout(within, collect(request)).await {
            Ok(body) => Ok(Self(body?)),
            Err(_) => {
                let remedy = format!("was not complete after {} ms; send it again", within.as_millis());
                Err(Fault::invalid("body", remedy).into())
            }
        }
    }
}

/// Takes what is being sent and keeps nothing: who is cut off in the middle of it does not get to read the answer.
pub async fn throw_away(request: Request) {
    let mut frames = request.into_body().into_data_stream();
    let rest = async { while let Some(Ok(_)) = frames.next().await {} };
    let _ = tokio::time::timeout(REST_WITHIN, rest).await;
}

async fn collect(request: Request) -> Result<Bytes> {
    let mut frames = request.into_limited_body().into_data_stream();
    let mut body = Vec::new();
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(frame) => body.extend_from_slice(&frame),
            Err(error) if is_too_large(&error) => {
                // Who is cut off in the middle of sending does not get to read the answer.
                let rest = async { while frames.next().await.is_some() {} };
                let _ = tokio::time::timeout(REST_WITHIN, rest).await;
                return Err(Fault::new(&codes::TOO_LARGE, "is larger than this route takes; send less").of("body"));
            }
            Err(_) => return Err(Fault::invalid("body", "broke off before its end; send it again")),
        }
    }
    Ok(body.into())
}

fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_too_large)
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Edge>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, edge: &Arc<Edge>) -> std::result::Result<Self, Problem> {
        expect_type(request.headers(), &["application/json"])?;
        let Raw(bytes) = Raw::from_request(request, edge).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| json_fault(&error.path().to_string(), error.inner()))?;
        json.end().map_err(|error| json_fault(".", &error))?;
        Ok(Self(value))
    }
}

/// Refuses a body of another type; parameters such as charset do not matter. Answers the type.
pub fn expect_type<'a>(headers: &HeaderMap, types: &[&'a str]) -> Result<&'a str> {
    let sent = header_text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let sent = sent.split(';').next().unwrap_or_default().trim();
    let known = types.iter().find(|known| known.eq_ignore_ascii_case(sent));
    known
        .copied()
        .ok_or_else(|| Fault::invalid("content-type", format!("must be {}", types.join(" or "))))
}

fn within(path: &str, field: &str) -> String {
    if path == "." {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

/// Names the field by its path in the body (`.`: the body itself), and never repeats what was sent.
fn json_fault(path: &str, error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    let quoted = text.split('`').nth(1);
    match quoted {
        Some(field) if text.starts_with("missing field") => Fault::invalid(within(path, field), "is missing"),
        Some(field) if text.starts_with("duplicate field") => {
            Fault::invalid(within(path, field), format!("is there twice, at {place}; say it once"))
        }
        Some(field) if text.starts_with("unknown field") => {
            let known = text.split_once("expected").map_or("", |(_, known)| known);
            let known = known.split(" at line").next().unwrap_or_default();
            if is_name(field) {
                Fault::invalid(path, format!("is unknown, at {place}; known are{known}"))
            } else {
                Fault::invalid("body", format!("has an unknown field at {place}; known are{known}"))
            }
        }
        _ if text.contains("found duplicate key") => {
            Fault::invalid(path, format!("names something twice, at {place}; say it once"))
        }
        _ if error.is_data() && path != "." => match allowed(&text) {
            Some(words) => Fault::invalid(path, format!("must be one of {words}, at {place}")),
            None => Fault::invalid(path, format!("has a value that this field does not take, at {place}")),
        },
        _ => Fault::invalid("body", format!("is not the JSON that this route takes, see {place}")),
    }
}

/// The words that a field takes, of the complaint that it got another one: they stand last, so what was sent is not repeated.
fn allowed(complaint: &str) -> Option<String> {
    let (_, words) = complaint.strip_prefix("unknown variant ")?.rsplit_once(", expected ")?;
    let words: Vec<&str> = words.split('`').skip(1).step_by(2).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Query parameters; unknown ones are refused where the type says so.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => Err(query_fault(&rejection).into()),
        }
    }
}

/// The parameter that does not fit begins the complaint's innermost text; values are never repeated.
fn query_fault(rejection: &dyn Error) -> Fault {
    let mut innermost = rejection;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    match text.split_once(": ") {
        Some((name, why)) if is_name(name) && why.starts_with("unknown field") => {
            Fault::invalid(name, "is not a parameter of this route; leave it out")
        }
        Some((name, why)) if is_name(name) => match allowed(why) {
            Some(words) => Fault::invalid(name, format!("must be one of {words}")),
            None => Fault::invalid(name, "has a value that this parameter does not take"),
        },
        _ => Fault::invalid(
            "query",
            "has a parameter that this route does not take, or of the wrong type",
        ),
    }
}
