//! Texts through an HTTP API of Twilio's shape. The call has no idempotency key: what is not answered is looked up by
//! recipient and link token before anything is sent again.

use super::text_providers::{Called, Found, Handed, Report, Text, not_authentic};
use crate::domain::inbound_text::{InboundText, Media};
use crate::domain::{Medium, Receipt};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{PhoneE164, TextSender};
use fault::{Fault, Result, codes};
use reqwest::StatusCode;
use runtime::Secret;
use serde::Deserialize;
use std::time::Duration;

/// Name of the only provider, where no others are configured, in facts and rows.
pub const PROVIDER: &str = "twilio";
/// Twilio's error for a recipient who told Twilio itself to stop.
const UNSUBSCRIBED: u32 = 21610;
/// Twilio's error for free text by WhatsApp to somebody who has not written for a day.
const WINDOW_CLOSED: u32 = 63016;
/// What numbers that are reached by WhatsApp begin with.
const WHATSAPP: &str = "whatsapp:";
/// Texts on a page of a look-up, the newest first.
const LOOK_UP_PAGE: &str = "200";
/// Pages of a look-up. What lies beyond is no answer, so that an absent text is never taken for one that was not looked for.
const LOOK_UP_PAGES: usize = 20;

/// The account to send through.
#[derive(Debug, Clone)]
pub struct TwilioConfig {
    /// Without a slash at the end.
    pub base_url: String,
    pub account_sid: String,
    pub auth_token: Secret,
    /// The account's WhatsApp sender; without it no messages go that way.
    pub whatsapp_from: Option<TextSender>,
    /// A call takes no longer.
    pub timeout: Duration,
    /// After this the provider gives up delivering a text.
    pub validity: Duration,
    /// A text that does not show in a look-up this long after the call was never taken.
    pub settle: Duration,
}

/// The provider of texts.
#[derive(Debug, Clone)]
pub struct Twilio {
    http: reqwest::Client,
    config: TwilioConfig,
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}

#[derive(Deserialize)]
struct Listed {
    messages: Vec<Message>,
    /// Path and query; `None`: that was all.
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    sid: String,
    body: Option<String>,
    status: String,
}

/// What a status word of Twilio's means; `None` for words that say nothing about the outcome.
fn receipt(status: &str) -> Option<Receipt> {
    match status {
        "accepted" | "scheduled" | "queued" | "sending" | "sent" => Some(Receipt::Taken),
        "delivered" | "read" => Some(Receipt::Arrived),
        "undelivered" | "failed" | "canceled" => Some(Receipt::NotArrived),
        _ => None,
    }
}

impl Twilio {
    pub fn new(config: TwilioConfig) -> Result<Self> {
        let http = super::http_client(config.timeout)?;
        Ok(Self { http, config })
    }

    /// How long after a call an absent text proves that it was never taken.
    pub fn settle(&self) -> Duration {
        self.config.settle
    }

    /// Who messages by WhatsApp come from where the channel has no number of its own; `None`: it takes none.
    pub fn whatsapp_from(&self) -> Option<&TextSender> {
        self.config.whatsapp_from.as_ref()
    }

    fn messages_url(&self) -> String {
        let TwilioConfig {
            base_url, account_sid, ..
        } = &self.config;
        format!("{base_url}/2010-04-01/Accounts/{account_sid}/Messages.json")
    }

    /// Sends one text, or one message by WhatsApp.
    pub async fn send(&self, text: &Text<'_>) -> Handed {
        let validity = self.config.validity.as_secs().to_string();
        let (to, from) = match text.medium {
            Medium::Sms => (text.to.expose().to_owned(), text.from.as_str().to_owned()),
            Medium::Whatsapp => (
                format!("{WHATSAPP}{}", text.to.expose()),
                format!("{WHATSAPP}{}", text.from.as_str()),
            ),
        };
        let mut form = vec![
            ("To", to.as_str()),
            ("From", &from),
            ("Body", text.body),
            ("StatusCallback", text.callback),
        ];
        if text.medium == Medium::Sms {
            form.push(("ValidityPeriod", &validity));
        }
        let request = self
            .http
            .post(self.messages_url())
            .basic_auth(&self.config.account_sid, Some(self.config.auth_token.expose()))
            .form(&form);
        let lost = Handed::Unknown;
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => return Handed::NotReached,
            Err(error) => {
                tracing::warn!(time_out = error.is_timeout(), "the provider's answer was lost");
                return lost;
            }
        };
        let status = response.status();
        if status.is_success() {
            return match response.json::<Created>().await {
                Ok(created) => Handed::Accepted {
                    provider_id: Some(created.sid),
                },
                Err(_) => lost,
            };
        }
        if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
            let code = response.json::<Refusal>().await.ok().and_then(|refusal| refusal.code);
            tracing::warn!(http = status.as_u16(), code, "the provider refused a text");
            return refused(status, code);
        }
        tracing::warn!(
            http = status.as_u16(),
            "the provider failed; the text may have been taken"
        );
        lost
    }

    /// Looks for a text to `to` whose body holds `token`. By recipient only: a filter by the date of sending would
    /// hide texts that are still queued, and their absence would be taken for proof.
    pub async fn look_up(&self, to: &PhoneE164, token: &str) -> Result<Option<Found>> {
        let mut request = self
            .http
            .get(self.messages_url())
            .query(&[("To", to.expose()), ("PageSize", LOOK_UP_PAGE)]);
        for _ in 0..LOOK_UP_PAGES {
            let page = self.page(request).await?;
            let holds = |message: &Message| message.body.as_deref().is_some_and(|body| body.contains(token));
            if let Some(message) = page.messages.into_iter().find(holds) {
                return Ok(Some(Found {
                    receipt: receipt(&message.status),
                    provider_id: message.sid,
                }));
            }
            let Some(next) = page.next_page_uri.filter(|next| next.starts_with('/')) else {
                return Ok(None);
            };
            request = self.http.get(format!("{}{next}", self.config.base_url));
        }
        Err(Fault::unavailable(
            "the provider's list of texts",
            "it has more pages than are read",
        ))
    }

    async fn page(&self, request: reqwest::RequestBuilder) -> Result<Listed> {
        let away = |error: reqwest::Error| Fault::unavailable("the provider of texts", error.without_url());
        let response = request
            .basic_auth(&self.config.account_sid, Some(self.config.auth_token.expose()))
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(away)?;
        response.json().await.map_err(away)
    }

    /// What a status callback says.
    pub fn read_receipt(&self, called: Called<'_>) -> Result<Report> {
        self.authenticate(called)?;
        let status = called.needed(&["MessageStatus", "SmsStatus"])?;
        let code = called.param(&["ErrorCode"]).and_then(|code| code.parse().ok());
        Ok(Report {
            code: (code == Some(WINDOW_CLOSED)).then_some(&codes::WHATSAPP_WINDOW),
            receipt: receipt(status),
            provider_id: called.needed(&["MessageSid", "SmsSid"])?.to_owned(),
            status: status.to_owned(),
        })
    }

    /// What somebody wrote to a number of the account's.
    pub fn read_inbound(&self, called: Called<'_>) -> Result<InboundText> {
        self.authenticate(called)?;
        let from = called.needed(&["From"])?;
        let (medium, from) = match from.strip_prefix(WHATSAPP) {
            Some(number) => (Medium::Whatsapp, number),
            None => (Medium::Sms, from),
        };
        let to = called.param(&["To"]).unwrap_or_default();
        let media = (0..Media::MOST).map_while(|number| called.param(&[&format!("MediaUrl{number}")]));
        Ok(InboundText {
            provider_id: called.needed(&["MessageSid", "SmsSid"])?.to_owned(),
            medium,
            name: called.param(&["ProfileName"]).unwrap_or_default().to_owned(),
            from: PhoneE164::parse(from).map_err(|wrong| wrong.of("From"))?,
            to: to.strip_prefix(WHATSAPP).unwrap_or(to).to_owned(),
            body: called.param(&["Body"]).unwrap_or_default().to_owned(),
            media: media.map(|url| Media(url.to_owned())).collect(),
        })
    }

    fn authenticate(&self, called: Called<'_>) -> Result<()> {
        let signed = self.is_signed(called.url, called.params, called.signature);
        signed.then_some(()).ok_or_else(not_authentic)
    }

    /// Whether a callback was signed with the account's token: HMAC-SHA1 over the exact public URL followed by every
    /// parameter's name and value in the order of their names.
    fn is_signed(&self, url: &str, params: &[(String, String)], signature: &str) -> bool {
        let mut sorted: Vec<&(String, String)> = params.iter().collect();
        sorted.sort();
        sorted.dedup();
        let mut text = url.to_owned();
        for (name, value) in sorted {
            text.push_str(name);
            text.push_str(value);
        }
        let key = hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            self.config.auth_token.expose().as_bytes(),
        );
        STANDARD
            .decode(signature)
            .is_ok_and(|tag| hmac::verify(&key, text.as_bytes(), &tag).is_ok())
    }
}

fn refused(status: StatusCode, code: Option<u32>) -> Handed {
    // Credentials and base URL are ours to repair: the text is not at fault.
    let ours = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&status);
    if status == StatusCode::TOO_MANY_REQUESTS || ours {
        Handed::Later
    } else if code == Some(UNSUBSCRIBED) {
        Handed::Refused(&codes::OPTED_OUT)
    } else if code == Some(WINDOW_CLOSED) {
        Handed::Refused(&codes::WHATSAPP_WINDOW)
    } else {
        Handed::Refused(&codes::SMS_REFUSED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::text_providers::Attempt;
    use domain::{DeliveryId, WorkspaceId};
    use runtime::Setting;

    fn twilio(token: &str) -> Twilio {
        testkit::install_crypto();
        Twilio::new(TwilioConfig {
            base_url: "http://127.0.0.1:1".into(),
            account_sid: "AC".into(),
            auth_token: Secret::parse(token).expect("a secret"),
            whatsapp_from: None,
            timeout: Duration::from_secs(1),
            validity: Duration::from_secs(900),
            settle: Duration::from_secs(2),
        })
        .expect("a client")
    }

    /// The worked example of Twilio's security documentation.
    #[test]
    fn the_documented_signature() {
        let params: Vec<(String, String)> = [
            ("Digits", "1234"),
            ("To", "+18005551212"),
            ("From", "+12349013030"),
            ("Caller", "+12349013030"),
            ("CallSid", "CA1234567890ABCDE"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let signature = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";
        assert!(twilio("12345").is_signed(url, &params, signature));
        assert!(!twilio("12346").is_signed(url, &params, signature));
        assert!(!twilio("12345").is_signed("https://mycompany.com/myapp.php?foo=1", &params, signature));
        assert!(!twilio("12345").is_signed(url, &params[1..], signature));
        assert!(!twilio("12345").is_signed(url, &params, "not base 64"));
    }

    #[tokio::test]
    async fn a_provider_that_does_not_listen_took_nothing() {
        let to = PhoneE164::parse("+48600700123").expect("a number");
        let text = Text {
            medium: Medium::Sms,
            to: &to,
            from: &TextSender::parse("Homing").expect("a name"),
            business: "Acme",
            body: "x",
            callback: "http://127.0.0.1/c",
            attempt: Attempt {
                workspace: &WorkspaceId::parse("acme").expect("a workspace"),
                delivery: DeliveryId(uuid::Uuid::nil()),
                number: 1,
            },
        };
        assert_eq!(twilio("t").send(&text).await, Handed::NotReached);
    }
}
