//! Aligo's `/send/`: a form, and 200 with a code in it. It calls nobody back.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Form, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::sms::{Draft, State};
use super::sms_http::{Fields, Work, cut, work};

/// The account and its token are the user's id and key.
pub(super) async fn send(Shared(state): Shared<Arc<State>>, Form(mut fields): Form<Fields>) -> Response {
    let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
    let (user, key) = (take("user_id"), take("key"));
    let (account, token) = (&state.options.account_sid, &state.options.auth_token);
    if user.as_ref() != Some(account) || key.as_ref() != Some(token) {
        return refuse(-101);
    }
    state.count_call();
    let (Some(to), Some(from), Some(body)) = (take("receiver"), take("sender"), take("msg")) else {
        return refuse(-301);
    };
    let (kind, title) = (take("msg_type").unwrap_or_default(), take("title"));
    // Two bytes for what ASCII lacks.
    let bytes: usize = body.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    let suits = match kind.as_str() {
        "SMS" => bytes <= 90 && title.is_none(),
        "LMS" => bytes <= 2_000 && title.is_some(),
        _ => false,
    };
    if !suits || !to.starts_with('0') {
        return refuse(-302);
    }
    let draft = Draft {
        to,
        from,
        body,
        kind: kind.clone(),
        title,
        status_callback: None,
        validity_period: None,
    };
    match work(&state, draft).await {
        Work::Kept(message) => {
            let digits: String = message
                .sid
                .bytes()
                .take(9)
                .map(|byte| char::from(b'1' + byte % 9))
                .collect();
            let taken = json!({ "result_code": "1", "message": "success", "msg_id": digits, "success_cnt": 1,
                "error_cnt": 0, "msg_type": kind });
            Json(taken).into_response()
        }
        Work::Refused(_) => refuse(-302),
        Work::Busy => refuse(-201),
        Work::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Work::Cut => cut(),
    }
}

fn refuse(code: i32) -> Response {
    Json(json!({ "result_code": code.to_string(), "message": "refused" })).into_response()
}
