//! Texts through Kannel's smsbox (`/cgi-bin/sendsms`). Kannel gives no id of a text and cannot be asked for one: what is
//! not answered is settled by its delivery report, or never.

use super::text_providers::{Called, Handed, Report, Text, not_authentic};
use crate::domain::Medium;
use crate::domain::Receipt;
use crate::domain::inbound_text::InboundText;
use aws_lc_rs::constant_time;
use domain::{PhoneE164, sms};
use fault::{Fault, Result, codes};
use percent_encoding::percent_decode_str;
use reqwest::StatusCode;
use runtime::Secret;
use std::time::Duration;

/// Delivered, not delivered, queued at the SMSC, taken by it, refused by it.
const ALL_REPORTS: &str = "31";

/// The smsbox to send through.
#[derive(Debug, Clone)]
pub struct KannelConfig {
    /// Without a slash at the end.
    pub base_url: String,
    pub username: String,
    pub password: Secret,
    /// Stands in the webhook of texts that come in: Kannel signs nothing.
    pub inbound_token: Option<Secret>,
    /// A call takes no longer.
    pub timeout: Duration,
    /// After this the SMSC gives up delivering; whole minutes.
    pub validity: Duration,
}

/// A Kannel.
#[derive(Debug, Clone)]
pub struct Kannel {
    http: reqwest::Client,
    config: KannelConfig,
}

impl Kannel {
    pub fn new(config: KannelConfig) -> Result<Self> {
        let http = super::http_client(config.timeout)?;
        Ok(Self { http, config })
    }

    /// Sends one text.
    pub async fn send(&self, text: &Text<'_>) -> Handed {
        let coding = match sms::parts(text.body).encoding {
            sms::Encoding::Gsm7 => "0",
            sms::Encoding::Ucs2 => "2",
        };
        let minutes = self.config.validity.as_secs().div_ceil(60).max(1).to_string();
        let join = if text.callback.contains('?') { '&' } else { '?' };
        let reports = format!("{}{join}status=%d&id=%F", text.callback);
        let query = [
            ("username", self.config.username.as_str()),
            ("password", self.config.password.expose()),
            ("from", text.from.as_str()),
            ("to", text.to.expose()),
            ("text", text.body),
            ("coding", coding),
            ("charset", "UTF-8"),
            ("validity", &minutes),
            ("dlr-mask", ALL_REPORTS),
            ("dlr-url", &reports),
        ];
        let url = format!("{}/cgi-bin/sendsms", self.config.base_url);
        let response = match self.http.get(url).query(&query).send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => return Handed::NotReached,
            Err(error) => {
                tracing::warn!(time_out = error.is_timeout(), "Kannel's answer was lost");
                return Handed::Unknown;
            }
        };
        let status = response.status();
        let body = response.text().await.unwrap_or_default();
        let handed = classify(status, &body);
        if !matches!(handed, Handed::Accepted { .. }) {
            tracing::warn!(http = status.as_u16(), ?handed, "Kannel did not accept a text");
        }
        handed
    }

    /// What a delivery report says; the callback's path bears our own code, and Kannel adds nothing to check.
    pub fn read_receipt(&self, called: Called<'_>) -> Result<Report> {
        let params = parameters(called.url);
        let status = word(&params, "status").ok_or_else(|| Fault::invalid("status", "is missing"))?;
        let receipt = match status.as_str() {
            "4" | "8" => Some(Receipt::Taken),
            "1" => Some(Receipt::Arrived),
            "2" | "16" => Some(Receipt::NotArrived),
            _ => None,
        };
        Ok(Report {
            code: None,
            receipt,
            provider_id: word(&params, "id").unwrap_or_default(),
            status,
        })
    }

    /// What somebody wrote: `from=%p&to=%P&text=%b&charset=%C&id=%I&token=...`.
    pub fn read_inbound(&self, called: Called<'_>) -> Result<InboundText> {
        let params = parameters(called.url);
        let needed = |name| word(&params, name).ok_or_else(|| Fault::invalid(name, "is missing"));
        let token = word(&params, "token").unwrap_or_default();
        let right = self.config.inbound_token.as_ref().is_some_and(|right| {
            constant_time::verify_slices_are_equal(right.expose().as_bytes(), token.as_bytes()).is_ok()
        });
        if !right {
            return Err(not_authentic());
        }
        let from = needed("from")?;
        let body = find(&params, "text").unwrap_or_default();
        let charset = word(&params, "charset").unwrap_or_default();
        Ok(InboundText {
            provider_id: needed("id")?,
            medium: Medium::Sms,
            name: String::new(),
            from: PhoneE164::parse(&international(&from)).map_err(|wrong| wrong.of("from"))?,
            to: word(&params, "to").map(|to| international(&to)).unwrap_or_default(),
            body: decode(body, &charset),
            media: Vec::new(),
        })
    }
}

/// By Kannel's documented answers: 202 with `0: Accepted for delivery` or `3: Queued for later delivery`, 4xx with why
/// not, 503 with `Temporal failure, try again later.`.
fn classify(status: StatusCode, body: &str) -> Handed {
    match status {
        StatusCode::ACCEPTED | StatusCode::OK => {
            let said = body.trim_start();
            if ["0:", "3:", "Sent"].iter().any(|word| said.starts_with(word)) {
                Handed::Accepted { provider_id: None }
            } else {
                Handed::Unknown
            }
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Handed::Later,
        // Credentials and base URL are ours to repair: the text is not at fault.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Handed::Later,
        StatusCode::REQUEST_TIMEOUT => Handed::Unknown,
        status if status.is_client_error() => Handed::Refused(&codes::SMS_REFUSED),
        _ => Handed::Unknown,
    }
}

/// Numbers come with or without their plus.
pub(super) fn international(number: &str) -> String {
    let digits = number.trim().trim_start_matches('+');
    let is_long = digits.len() > 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_long {
        format!("+{}", digits.trim_start_matches("00"))
    } else {
        digits.to_owned()
    }
}

/// Name and value.
type Parameter = (Vec<u8>, Vec<u8>);

/// The query of a URL, undecoded: texts come in more than one charset.
fn parameters(url: &str) -> Vec<Parameter> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name), unescape(value))
        })
        .collect()
}

fn unescape(text: &str) -> Vec<u8> {
    percent_decode_str(&text.replace('+', " ")).collect()
}

fn find<'a>(params: &'a [Parameter], wanted: &str) -> Option<&'a [u8]> {
    let found = params.iter().find(|(name, _)| name == wanted.as_bytes());
    found.map(|(_, value)| value.as_slice())
}

fn word(params: &[Parameter], wanted: &str) -> Option<String> {
    find(params, wanted).map(|value| String::from_utf8_lossy(value).into_owned())
}

fn decode(body: &[u8], charset: &str) -> String {
    match charset.to_ascii_uppercase().as_str() {
        "UTF-16BE" | "UCS-2" | "ISO-10646-UCS-2" => {
            let units = body.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        // These bytes are the same characters in Unicode.
        "ISO-8859-1" => body.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::Setting;

    fn kannel() -> Kannel {
        testkit::install_crypto();
        Kannel::new(KannelConfig {
            base_url: "http://127.0.0.1:1".into(),
            username: "homing".into(),
            password: Secret::parse("secret").expect("a secret"),
            inbound_token: Secret::parse("in"),
            timeout: Duration::from_secs(1),
            validity: Duration::from_secs(900),
        })
        .expect("a client")
    }

    fn called(url: &str) -> Called<'_> {
        Called {
            url,
            params: &[],
            signature: "",
        }
    }

    #[test]
    fn its_documented_answers() {
        let accepted = Handed::Accepted { provider_id: None };
        for (status, body, wanted) in [
            (202, "0: Accepted for delivery", accepted.clone()),
            (202, "3: Queued for later delivery", accepted.clone()),
            (200, "Sent.", accepted),
            (202, "<html>a proxy's page</html>", Handed::Unknown),
            (
                400,
                "Empty text not allowed, rejected.",
                Handed::Refused(&codes::SMS_REFUSED),
            ),
            (403, "Authorization failed for sendsms", Handed::Later),
            (404, "Not found", Handed::Later),
            (503, "Temporal failure, try again later.", Handed::Later),
            (500, "", Handed::Unknown),
            (502, "Bad gateway", Handed::Unknown),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(classify(status, body), wanted, "{status} {body}");
        }
    }

    #[test]
    fn reports() {
        for (status, wanted) in [
            ("1", Some(Receipt::Arrived)),
            ("2", Some(Receipt::NotArrived)),
            ("4", Some(Receipt::Taken)),
            ("8", Some(Receipt::Taken)),
            ("16", Some(Receipt::NotArrived)),
            ("64", None),
        ] {
            let url = format!("https://x/v1/callbacks/sms/acme/d/c?provider=smsc&status={status}&id=7f");
            let report = kannel().read_receipt(called(&url)).expect("a report");
            assert_eq!(
                (report.receipt, report.provider_id.as_str()),
                (wanted, "7f"),
                "{status}"
            );
        }
        assert!(kannel().read_receipt(called("https://x/v1")).is_err());
    }

    #[test]
    fn what_people_write_in_each_charset() {
        let read = |query: &str| kannel().read_inbound(called(&format!("https://x/inbound?token=in&{query}")));
        let text = read("from=%2B48600700123&to=48732000000&text=Za%C5%BC%C3%B3%C5%82%C4%87+g%C4%99%C5%9Bl%C4%85&id=a1&charset=UTF-8")
            .expect("a text");
        assert_eq!((text.from.expose(), text.to.as_str()), ("+48600700123", "+48732000000"));
        assert_eq!((text.body.as_str(), text.provider_id.as_str()), ("Zażółć gęślą", "a1"));
        let text =
            read("from=0048600700123&to=7201&text=%00Z%01%7C%D8%3D%DE%00&id=a2&charset=UTF-16BE").expect("a text");
        assert_eq!(
            (text.from.expose(), text.to.as_str(), text.body.as_str()),
            ("+48600700123", "7201", "Zż😀")
        );
        assert!(read("to=7201&text=x&id=a3").is_err(), "nobody wrote it");
        assert!(
            read("from=Amazon&to=7201&text=x&id=a4").is_err(),
            "a name cannot be answered"
        );
        let forged = kannel().read_inbound(called("https://x/inbound?token=out&from=48600700123&text=STOP&id=a5"));
        assert_eq!(forged.err().expect("forged").code().name, "access.signature");
    }
}
