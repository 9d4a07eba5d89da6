//! Kannel's smsbox, as its user guide documents it: `/cgi-bin/sendsms`, plain answers, reports by `dlr-url`.

use std::sync::Arc;

use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::segments;
use super::sms::{Draft, State};
use super::sms_http::{Fields, Work, cut, e164, work};

/// The account and its token are the sendsms-user and its password.
pub(super) async fn send(Shared(state): Shared<Arc<State>>, Query(mut fields): Query<Fields>) -> Response {
    let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
    let (username, password) = (take("username"), take("password"));
    let (account, token) = (&state.options.account_sid, &state.options.auth_token);
    if username.as_ref() != Some(account) || password.as_ref() != Some(token) {
        return answer(StatusCode::FORBIDDEN, "Authorization failed for sendsms");
    }
    state.count_call();
    let refuse = |why| answer(StatusCode::BAD_REQUEST, why);
    let Some(to) = take("to").filter(|to| e164(to)) else {
        return refuse("Missing receiver and/or text, rejected");
    };
    let Some(from) = take("from") else {
        return refuse("Sender missing and no global set, rejected");
    };
    let Some(body) = take("text") else {
        return refuse("Empty text not allowed, rejected.");
    };
    let ascii = take("coding").as_deref() == Some("0");
    if take("charset").as_deref() != Some("UTF-8") || (ascii && segments::is_ucs2(&body)) {
        return refuse("Charset or body misformed, rejected");
    }
    let mask: u32 = take("dlr-mask").and_then(|mask| mask.parse().ok()).unwrap_or_default();
    let minutes: Option<u32> = take("validity").and_then(|minutes| minutes.parse().ok());
    let draft = Draft {
        to,
        from,
        body,
        status_callback: take("dlr-url").filter(|_| mask & 0b1011 == 0b1011),
        validity_period: minutes.map(|minutes| minutes * 60),
        kind: String::new(),
        title: None,
    };
    match work(&state, draft).await {
        Work::Kept(_) => answer(StatusCode::ACCEPTED, "0: Accepted for delivery"),
        Work::Refused(_) => refuse("Message rejected by the sink's fault switch"),
        Work::Busy => answer(StatusCode::SERVICE_UNAVAILABLE, "Temporal failure, try again later."),
        Work::Broken => answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        Work::Cut => cut(),
    }
}

fn answer(status: StatusCode, words: &'static str) -> Response {
    (status, words).into_response()
}

/// A report's address with what it tells: `%d` the class, `%F` the id at the SMSC.
pub(super) fn report_url(url: &str, status: &str, id: &str) -> String {
    let class = match status {
        "delivered" => "1",
        "undelivered" => "2",
        _ => "8",
    };
    url.replace("%d", class).replace("%F", id)
}
