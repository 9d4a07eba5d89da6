//! Twilio's messages API: create, look up one, look up by recipient and date.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Form, Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::sms::{Draft, SmsFault, SmsMessage, State};
use super::{sms_aligo, sms_kannel};

/// What numbers of WhatsApp begin with.
const WHATSAPP: &str = "whatsapp:";
/// Twilio's limit, in characters.
const BODY_LIMIT: usize = 1600;
const PAGE_LIMIT: usize = 1000;
const PAGE_DEFAULT: usize = 50;

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/2010-04-01/Accounts/{account}/Messages.json", post(create).get(list))
        .route("/2010-04-01/Accounts/{account}/Messages/{file}", get(fetch))
        .route("/cgi-bin/sendsms", get(sms_kannel::send))
        .route("/send/", post(sms_aligo::send))
        .with_state(state)
}

pub(super) type Fields = HashMap<String, String>;

async fn create(
    Shared(state): Shared<Arc<State>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    Form(mut fields): Form<Fields>,
) -> Response {
    if !authentic(&state, &account, &headers) {
        return error(StatusCode::UNAUTHORIZED, 20003, "Authenticate");
    }
    state.count_call();
    let draft = match draft(&mut fields) {
        Ok(draft) => draft,
        Err((code, message)) => return error(StatusCode::BAD_REQUEST, code, &message),
    };
    let created = |message: SmsMessage| (StatusCode::CREATED, Json(resource(&state, &message))).into_response();
    match work(&state, draft).await {
        Work::Kept(message) => created(*message),
        Work::Refused(code) => error(StatusCode::BAD_REQUEST, code, "Refused by the sink's fault switch"),
        Work::Busy => error(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests"),
        Work::Broken => error(StatusCode::INTERNAL_SERVER_ERROR, 20500, "Internal Server Error"),
        Work::Cut => cut(),
    }
}

/// What became of a call that was in order.
pub(super) enum Work {
    Kept(Box<SmsMessage>),
    Refused(u32),
    Busy,
    Broken,
    /// The answer is to be cut off.
    Cut,
}

/// Takes a message, or fails as the fault switch says; the same behind every API.
pub(super) async fn work(state: &Arc<State>, draft: Draft) -> Work {
    match state.faults.take() {
        None => Work::Kept(Box::new(state.accept(draft))),
        Some(SmsFault::Slow(delay)) => {
            tokio::time::sleep(delay).await;
            Work::Kept(Box::new(state.accept(draft)))
        }
        Some(SmsFault::Refuse(code)) => Work::Refused(code),
        Some(SmsFault::TooMany) => Work::Busy,
        Some(SmsFault::ServerError) => Work::Broken,
        Some(SmsFault::AcceptThenServerError) => {
            state.accept(draft);
            Work::Broken
        }
        Some(SmsFault::Hang) => std::future::pending().await,
        Some(SmsFault::AcceptThenHang) => {
            state.accept(draft);
            std::future::pending().await
        }
        Some(SmsFault::AcceptThenDrop) => {
            state.accept(draft);
            Work::Cut
        }
    }
}

async fn fetch(
    Shared(state): Shared<Arc<State>>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !authentic(&state, &account, &headers) {
        return error(StatusCode::UNAUTHORIZED, 20003, "Authenticate");
    }
    let sid = file.trim_end_matches(".json");
    match state.messages().iter().find(|message| message.sid == sid) {
        Some(message) => Json(resource(&state, message)).into_response(),
        None => error(
            StatusCode::NOT_FOUND,
            20404,
            &format!("The requested resource {file} was not found"),
        ),
    }
}

async fn list(
    Shared(state): Shared<Arc<State>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    Query(filter): Query<Fields>,
) -> Response {
    if !authentic(&state, &account, &headers) {
        return error(StatusCode::UNAUTHORIZED, 20003, "Authenticate");
    }
    let size = filter
        .get("PageSize")
        .and_then(|size| size.parse().ok())
        .unwrap_or(PAGE_DEFAULT)
        .min(PAGE_LIMIT);
    let mut found: Vec<SmsMessage> = state
        .messages()
        .into_iter()
        .filter(|message| matches(message, &filter))
        .collect();
    found.reverse();
    let page = filter.get("Page").and_then(|page| page.parse().ok()).unwrap_or(0_usize);
    let shown = found.iter().skip(page * size).take(size);
    let messages: Vec<Value> = shown.map(|message| resource(&state, message)).collect();
    let uri = format!("/2010-04-01/Accounts/{account}/Messages.json");
    let next = (found.len() > (page + 1) * size).then(|| next_page(&uri, &filter, page + 1));
    Json(json!({ "messages": messages, "page": page, "page_size": size, "uri": uri, "next_page_uri": next }))
        .into_response()
}

/// Path and query of another page of the same list.
fn next_page(uri: &str, filter: &Fields, page: usize) -> String {
    let number = page.to_string();
    let kept = filter.iter().filter(|(name, _)| *name != "Page");
    let pairs = kept.map(|(name, value)| (name.as_str(), value.as_str()));
    let url = reqwest::Url::parse_with_params(&format!("http://sink{uri}"), pairs.chain([("Page", number.as_str())]));
    let url = url.expect("a path of the sink's own");
    format!("{uri}?{}", url.query().unwrap_or_default())
}

/// `DateSent` takes a day (UTC); `DateSent>` and `DateSent<` mean that day and later, or earlier.
fn matches(message: &SmsMessage, filter: &Fields) -> bool {
    let same = |name: &str, value: &str| filter.get(name).is_none_or(|wanted| wanted == value);
    let day = message.created_at.to_zoned(TimeZone::UTC).date();
    let bound = |name: &str| filter.get(name).and_then(|text| text.get(..10)?.parse::<Date>().ok());
    same("To", &message.to)
        && same("From", &message.from)
        && bound("DateSent").is_none_or(|wanted| day == wanted)
        && bound("DateSent>").is_none_or(|first| day >= first)
        && bound("DateSent<").is_none_or(|last| day <= last)
}

fn draft(fields: &mut Fields) -> Result<Draft, (u32, String)> {
    let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
    let to = take("To").ok_or((21604, "A 'To' phone number is required.".to_owned()))?;
    let (kind, number) = match to.strip_prefix(WHATSAPP) {
        Some(number) => ("WhatsApp", number),
        None => ("", to.as_str()),
    };
    if !e164(number) {
        return Err((21211, format!("The 'To' number {to} is not a valid phone number.")));
    }
    let from = take("From").ok_or((21603, "A 'From' phone number is required.".to_owned()))?;
    if from.starts_with(WHATSAPP) != to.starts_with(WHATSAPP) {
        return Err((
            21910,
            "Invalid From and To pair: they should be of the same channel.".to_owned(),
        ));
    }
    let body = take("Body").ok_or((21602, "Message body is required.".to_owned()))?;
    if body.chars().count() > BODY_LIMIT {
        return Err((
            21617,
            "The concatenated message body exceeds the 1600 character limit.".to_owned(),
        ));
    }
    let status_callback = take("StatusCallback");
    if status_callback
        .as_ref()
        .is_some_and(|url| reqwest::Url::parse(url).is_err())
    {
        return Err((21609, "The StatusCallback URL is not a valid URL.".to_owned()));
    }
    let validity_period = match take("ValidityPeriod").map(|seconds| seconds.parse::<u32>()) {
        None => None,
        Some(Ok(seconds @ 1..=36_000)) => Some(seconds),
        Some(_) => return Err((21626, "ValidityPeriod must be between 1 and 36000 seconds.".to_owned())),
    };
    Ok(Draft {
        to,
        from,
        body,
        status_callback,
        validity_period,
        kind: kind.to_owned(),
        title: None,
    })
}

pub(super) fn e164(number: &str) -> bool {
    number
        .strip_prefix('+')
        .is_some_and(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn authentic(state: &State, account: &str, headers: &HeaderMap) -> bool {
    let wanted = STANDARD.encode(format!("{}:{}", state.options.account_sid, state.options.auth_token));
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    account == state.options.account_sid && given == Some(wanted.as_str())
}

fn resource(state: &State, message: &SmsMessage) -> Value {
    let account = &state.options.account_sid;
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", message.sid);
    let created = message.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let sent = (message.status != "queued").then_some(&created);
    json!({
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": created,
        "date_sent": sent,
        "date_updated": created,
        "direction": "outbound-api",
        "error_code": message.error_code,
        "error_message": null,
        "from": message.from,
        "messaging_service_sid": null,
        "num_media": "0",
        "num_segments": message.segments.to_string(),
        "price": null,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": message.to,
        "uri": format!("{uri}.json"),
    })
}

fn error(status: StatusCode, code: u32, message: &str) -> Response {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({ "code": code, "message": message, "more_info": more_info, "status": status.as_u16() });
    (status, Json(body)).into_response()
}

/// A response whose body breaks off before its first byte: the caller cannot tell what happened.
pub(super) fn cut() -> Response {
    let stream = tokio_stream::once(Err::<Vec<u8>, _>(std::io::Error::other(
        "cut by the sink's fault switch",
    )));
    let mut response = Response::new(Body::from_stream(stream));
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(
        header::CONTENT_LENGTH,
        header::HeaderValue::from(Duration::from_secs(999).as_secs()),
    );
    response
}
