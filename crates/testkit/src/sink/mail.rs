//! A mail as it arrived.

use jiff::Timestamp;
use mail_parser::{HeaderValue, MessageParser};
use serde::Serialize;

/// A mail that the server accepted: its envelope and what it says.
#[derive(Clone, Debug, Serialize)]
pub struct Mail {
    pub received_at: Timestamp,
    pub envelope_from: String,
    pub envelope_to: Vec<String>,
    /// Addresses only, without display names.
    pub from: Option<String>,
    pub to: Vec<String>,
    pub reply_to: Option<String>,
    pub subject: Option<String>,
    /// Without angle brackets, as are the next.
    pub message_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    /// Name and raw value, in order.
    pub headers: Vec<(String, String)>,
    /// As it came.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Mail {
    pub(super) fn parse(
        envelope_from: String,
        envelope_to: Vec<String>,
        raw: &[u8],
        received_at: Timestamp,
    ) -> Option<Self> {
        let message = MessageParser::default().parse(raw)?;
        let address = |address: Option<&mail_parser::Address<'_>>| {
            address.and_then(|address| address.first()?.address().map(str::to_owned))
        };
        let in_reply_to = match message.in_reply_to() {
            HeaderValue::Text(text) => Some(text.to_string()),
            HeaderValue::TextList(list) => list.first().map(ToString::to_string),
            _ => None,
        };
        let to = message
            .to()
            .map(|to| to.iter().filter_map(|one| one.address().map(str::to_owned)).collect());
        Some(Self {
            received_at,
            envelope_from,
            envelope_to,
            from: address(message.from()),
            to: to.unwrap_or_default(),
            reply_to: address(message.reply_to()),
            subject: message.subject().map(str::to_owned),
            message_id: message.message_id().map(str::to_owned),
            in_reply_to,
            text: message.body_text(0).map(|text| text.into_owned()),
            html: message.body_html(0).map(|html| html.into_owned()),
            headers: message
                .headers_raw()
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect(),
            raw: raw.to_vec(),
        })
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}
