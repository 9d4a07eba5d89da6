//! Texts through Aligo's HTTP API, of the shape that Korean providers have: SMS or LMS by the text's bytes, domestic
//! numbers, an answer with a code in it. It calls nobody back, and a text cannot be looked up by its words: what is not
//! answered stays unknown.

use super::text_providers::{Handed, Text};
use crate::domain::korean::{self, Kind};
use fault::{Result, codes};
use reqwest::StatusCode;
use runtime::Secret;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// Bytes of an LMS's title.
const TITLE_BYTES: usize = 44;
/// The account's key is not known, or calls come from an address that is not registered: ours to repair.
const NOT_AUTHENTICATED: i64 = -101;
/// What the account has left does not cover an SMS, an LMS.
const SPENT: [i64; 2] = [-201, -202];

/// The account to send through.
#[derive(Debug, Clone)]
pub struct AligoConfig {
    /// Without a slash at the end.
    pub base_url: String,
    pub user_id: String,
    pub key: Secret,
    /// A call takes no longer.
    pub timeout: Duration,
}

/// An account at Aligo.
#[derive(Debug, Clone)]
pub struct Aligo {
    http: reqwest::Client,
    config: AligoConfig,
}

#[derive(Deserialize)]
struct Answer {
    /// A number, or its digits as a text.
    result_code: Value,
    msg_id: Option<Value>,
}

impl Aligo {
    pub fn new(config: AligoConfig) -> Result<Self> {
        let http = super::http_client(config.timeout)?;
        Ok(Self { http, config })
    }

    /// Sends one text. What EUC-KR cannot carry, and numbers of other countries, are for somebody else.
    pub async fn send(&self, text: &Text<'_>) -> Handed {
        let (Some(kind), Some(receiver)) = (korean::kind(text.body), korean::national(text.to.expose())) else {
            return Handed::NotForIt;
        };
        let sender = korean::national(text.from.as_str()).unwrap_or_else(|| text.from.to_string());
        let title = korean::cut(text.business, TITLE_BYTES);
        let mut form = vec![
            ("key", self.config.key.expose()),
            ("user_id", &self.config.user_id),
            ("sender", &sender),
            ("receiver", &receiver),
            ("msg", text.body),
        ];
        match kind {
            Kind::Sms => form.push(("msg_type", "SMS")),
            Kind::Lms => form.extend([("msg_type", "LMS"), ("title", title.as_str())]),
        }
        let request = self.http.post(format!("{}/send/", self.config.base_url)).form(&form);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => return Handed::NotReached,
            Err(error) => {
                tracing::warn!(time_out = error.is_timeout(), "Aligo's answer was lost");
                return Handed::Unknown;
            }
        };
        let status = response.status();
        let handed = match (status, response.json::<Answer>().await) {
            (StatusCode::OK, Ok(answer)) => classify(&answer),
            (StatusCode::TOO_MANY_REQUESTS, _) => Handed::Later,
            _ => Handed::Unknown,
        };
        if !matches!(handed, Handed::Accepted { .. }) {
            tracing::warn!(http = status.as_u16(), ?handed, "Aligo did not accept a text");
        }
        handed
    }
}

/// 1 and an id: taken. A negative code: nothing was.
fn classify(answer: &Answer) -> Handed {
    match number(&answer.result_code) {
        Some(1..) => Handed::Accepted {
            provider_id: answer.msg_id.as_ref().and_then(number).map(|id| id.to_string()),
        },
        Some(code) if code == NOT_AUTHENTICATED || SPENT.contains(&code) => Handed::Later,
        Some(..0) => Handed::Refused(&codes::SMS_REFUSED),
        Some(0) | None => Handed::Unknown,
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_answers() {
        let accepted = |id: &str| Handed::Accepted {
            provider_id: Some(id.into()),
        };
        for (answer, wanted) in [
            (r#"{"result_code": "1", "msg_id": "123456789"}"#, accepted("123456789")),
            (
                r#"{"result_code": 1, "msg_id": 123456789, "success_cnt": 1}"#,
                accepted("123456789"),
            ),
            (r#"{"result_code": "-101", "message": "x"}"#, Handed::Later),
            (r#"{"result_code": -201}"#, Handed::Later),
            (r#"{"result_code": "-301"}"#, Handed::Refused(&codes::SMS_REFUSED)),
            (r#"{"result_code": "?"}"#, Handed::Unknown),
        ] {
            let answer = serde_json::from_str(answer).expect("an answer");
            assert_eq!(classify(&answer), wanted);
        }
    }
}
