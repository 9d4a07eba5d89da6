//! Status callbacks, signed as Twilio signs them.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sms::{ReceiptMode, SmsMessage, State, WrittenText};
use super::sms_kannel;

/// Between two callbacks of a message.
const PAUSE: Duration = Duration::from_millis(50);
/// A receiver that is down may come back: tries and the pause between them.
const TRIES: u32 = 20;
const RETRY_AFTER: Duration = Duration::from_millis(500);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Unreachable handset.
const UNDELIVERED: u32 = 30003;

/// What calls the receivers of receipts.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy().build()
}

pub(super) async fn send(state: Arc<State>, message: SmsMessage, mode: ReceiptMode) {
    let plan: Vec<(&str, Option<u32>)> = match mode {
        ReceiptMode::Delivered => vec![("sent", None), ("delivered", None)],
        ReceiptMode::Undelivered => vec![("sent", None), ("undelivered", Some(UNDELIVERED))],
        ReceiptMode::ReorderedTwice => vec![("delivered", None), ("delivered", None), ("sent", None), ("sent", None)],
        ReceiptMode::Lost => vec![],
        ReceiptMode::Read => vec![("sent", None), ("delivered", None), ("read", None)],
        ReceiptMode::Failed(code) => vec![("failed", Some(code))],
    };
    for (status, error) in plan {
        tokio::time::sleep(PAUSE).await;
        state.update(&message.sid, |kept| {
            if kept.status != "delivered" || status == "read" {
                kept.status = status.to_owned();
                kept.error_code = error;
            }
        });
        if let Some(url) = &message.status_callback {
            let answer = call(&state, &message, url, status, error).await;
            state.update(&message.sid, |kept| kept.callbacks.push((status.to_owned(), answer)));
        }
    }
}

async fn call(state: &State, message: &SmsMessage, url: &str, status: &str, error: Option<u32>) -> u16 {
    if url.contains("%d") {
        let url = sms_kannel::report_url(url, status, &message.sid);
        return repeat(|| state.client.get(&url)).await;
    }
    let mut parameters = vec![
        ("AccountSid", state.options.account_sid.clone()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("From", message.from.clone()),
        ("MessageSid", message.sid.clone()),
        ("MessageStatus", status.to_owned()),
        ("SmsSid", message.sid.clone()),
        ("SmsStatus", status.to_owned()),
        ("To", message.to.clone()),
    ];
    if let Some(code) = error {
        parameters.push(("ErrorCode", code.to_string()));
    }
    let signature = sign(&state.options.auth_token, url, &parameters);
    repeat(|| {
        let request = state.client.post(url).header("X-Twilio-Signature", &signature);
        request.form(&parameters)
    })
    .await
}

/// Calls until somebody answers otherwise than with 5xx.
async fn repeat(request: impl Fn() -> reqwest::RequestBuilder) -> u16 {
    for _ in 0..TRIES {
        match request().send().await {
            Ok(response) if !response.status().is_server_error() => return response.status().as_u16(),
            _ => tokio::time::sleep(RETRY_AFTER).await,
        }
    }
    0
}

/// Calls for a text that somebody wrote; 0: nobody answered.
pub(super) async fn write(state: &State, url: &str, text: &WrittenText<'_>) -> u16 {
    let mut parameters = vec![
        ("AccountSid".to_owned(), state.options.account_sid.clone()),
        ("ApiVersion".to_owned(), "2010-04-01".to_owned()),
        ("Body".to_owned(), text.body.to_owned()),
        ("From".to_owned(), text.from.to_owned()),
        ("MessageSid".to_owned(), text.sid.to_owned()),
        ("NumMedia".to_owned(), text.media.len().to_string()),
        ("SmsSid".to_owned(), text.sid.to_owned()),
        ("To".to_owned(), text.to.to_owned()),
    ];
    if let Some(profile) = text.profile {
        parameters.push(("ProfileName".to_owned(), profile.to_owned()));
    }
    for (number, url) in text.media.iter().enumerate() {
        parameters.push((format!("MediaContentType{number}"), "image/jpeg".to_owned()));
        parameters.push((format!("MediaUrl{number}"), (*url).to_owned()));
    }
    let named: Vec<(&str, String)> = parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let signature = sign(&state.options.auth_token, url, &named);
    let request = state
        .client
        .post(url)
        .header("X-Twilio-Signature", signature)
        .form(&parameters);
    request.send().await.map_or(0, |response| response.status().as_u16())
}

/// HMAC-SHA1 over the URL followed by every parameter's name and value in the order of their names, in base 64.
pub(super) fn sign(token: &str, url: &str, parameters: &[(&str, String)]) -> String {
    let mut sorted: Vec<_> = parameters.iter().collect();
    sorted.sort();
    let mut text = url.to_owned();
    for (name, value) in sorted {
        text.push_str(name);
        text.push_str(value);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::sign;

    /// The worked example of Twilio's security documentation.
    #[test]
    fn the_documented_example() {
        let parameters = [
            ("CallSid", "CA1234567890ABCDE".to_owned()),
            ("Caller", "+12349013030".to_owned()),
            ("Digits", "1234".to_owned()),
            ("From", "+12349013030".to_owned()),
            ("To", "+18005551212".to_owned()),
        ];
        let signature = sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", &parameters);
        assert_eq!(signature, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
    }
}
