//! A provider of texts with the shape of Twilio's API: its state, and the handle that tests hold.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::segments::segments;
use super::{Faults, KEEP, sms_http, sms_receipts};
use crate::eventually::{TimedOut, eventually};

/// The account that a [`SmsSink`] accepts.
#[derive(Clone, Debug)]
pub struct SmsOptions {
    pub account_sid: String,
    pub auth_token: String,
}

impl Default for SmsOptions {
    fn default() -> Self {
        Self {
            account_sid: format!("AC{}", "0".repeat(31) + "1"),
            auth_token: "sink-auth-token".to_owned(),
        }
    }
}

/// How a call to create a message fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsFault {
    /// HTTP 400 with this error code of Twilio's, for example 21610 (the recipient has opted out).
    Refuse(u32),
    /// HTTP 429.
    TooMany,
    /// HTTP 500; the message is not kept.
    ServerError,
    /// HTTP 500; the message is kept and delivered all the same.
    AcceptThenServerError,
    /// Never answers; the message is not kept.
    Hang,
    /// Keeps and delivers the message, and never answers.
    AcceptThenHang,
    /// Keeps and delivers the message, and closes the connection without an answer.
    AcceptThenDrop,
    /// Answers as usual after this long.
    Slow(Duration),
}

/// Which status callbacks follow an accepted message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiptMode {
    /// `sent`, then `delivered`.
    #[default]
    Delivered,
    /// `sent`, then `undelivered` with error 30003.
    Undelivered,
    /// `delivered` before `sent`, each twice.
    ReorderedTwice,
    /// None ever.
    Lost,
    /// `sent`, `delivered`, then `read`, as WhatsApp tells.
    Read,
    /// `failed`, with this error code of Twilio's.
    Failed(u32),
}

/// A text that the provider accepted.
#[derive(Clone, Debug, Serialize)]
pub struct SmsMessage {
    pub sid: String,
    pub to: String,
    pub from: String,
    pub body: String,
    /// `LMS` or `SMS` where the API has such words, `WhatsApp` for what goes there, else empty; and the title of an LMS.
    pub kind: String,
    pub title: Option<String>,
    /// `queued`, `sent`, `delivered` or `undelivered`.
    pub status: String,
    pub error_code: Option<u32>,
    /// Parts, by the provider's own count.
    pub segments: u32,
    pub status_callback: Option<String>,
    /// Seconds.
    pub validity_period: Option<u32>,
    pub created_at: Timestamp,
    /// How the callbacks were answered, in order: status and HTTP code (0: nobody answered).
    pub callbacks: Vec<(String, u16)>,
}

/// A text that somebody writes to us.
#[derive(Clone, Debug)]
pub struct WrittenText<'a> {
    /// The provider's id of it.
    pub sid: &'a str,
    pub from: &'a str,
    /// Which of our numbers it is written to.
    pub to: &'a str,
    pub body: &'a str,
    /// Where its pictures lie.
    pub media: &'a [&'a str],
    /// What its sender is called there, as WhatsApp tells.
    pub profile: Option<&'a str>,
}

impl Default for WrittenText<'_> {
    fn default() -> Self {
        Self {
            sid: "SM1",
            from: "+48600700123",
            to: "+48732000000",
            body: "",
            media: &[],
            profile: None,
        }
    }
}

#[derive(Debug)]
pub(super) struct State {
    pub options: SmsOptions,
    messages: Mutex<Vec<SmsMessage>>,
    pub faults: Faults<SmsFault>,
    receipts: Mutex<ReceiptMode>,
    calls: Mutex<u64>,
    /// Tells receipts.
    pub client: reqwest::Client,
}

/// What a caller asked to send.
#[derive(Debug)]
pub(super) struct Draft {
    pub to: String,
    pub from: String,
    pub body: String,
    pub status_callback: Option<String>,
    pub validity_period: Option<u32>,
    pub kind: String,
    pub title: Option<String>,
}

/// A provider of texts on 127.0.0.1: base URL, account and token as a real one. Clones are the same sink.
#[derive(Clone, Debug)]
pub struct SmsSink {
    pub(super) state: Arc<State>,
    url: String,
    _server: Arc<AbortOnDrop>,
}

impl SmsSink {
    /// Listens on a free port.
    pub async fn start(options: SmsOptions) -> Result<Self> {
        Self::on(options, TcpListener::bind(("127.0.0.1", 0)).await?)
    }

    /// Serves `listener`.
    pub fn on(options: SmsOptions, listener: TcpListener) -> Result<Self> {
        crate::install_crypto();
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            options,
            messages: Mutex::default(),
            faults: Faults::none(),
            receipts: Mutex::default(),
            calls: Mutex::default(),
            client: sms_receipts::client().context("a client for receipts")?,
        });
        let app = sms_http::router(state.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the SMS sink ended");
            }
        });
        Ok(Self {
            state,
            url,
            _server: Arc::new(AbortOnDrop(server)),
        })
    }

    /// What `HOMING_TWILIO_BASE_URL` is set to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The account and token it accepts.
    pub fn options(&self) -> &SmsOptions {
        &self.state.options
    }

    /// Everything accepted so far, oldest first.
    pub fn messages(&self) -> Vec<SmsMessage> {
        self.state.messages()
    }

    /// The texts accepted for one number.
    pub fn to(&self, number: &str) -> Vec<SmsMessage> {
        self.messages()
            .into_iter()
            .filter(|message| message.to == number)
            .collect()
    }

    /// Authenticated calls to create a message so far, failed ones included.
    pub fn calls(&self) -> u64 {
        *self.state.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the `n`th text to `number` (from 1).
    pub async fn nth(&self, number: &str, n: usize, within: Duration) -> Result<SmsMessage, TimedOut> {
        eventually(format!("text {n} arrives"), within, async || {
            self.to(number).into_iter().nth(n - 1)
        })
        .await
    }

    /// Somebody writes to the number that our texts come from: called once, answered by this HTTP code. `sid` is the
    /// provider's id of the text.
    pub async fn write(&self, inbound_url: &str, sid: &str, from: &str, body: &str) -> u16 {
        let text = WrittenText {
            sid,
            from,
            body,
            ..WrittenText::default()
        };
        self.write_text(inbound_url, &text).await
    }

    /// The same with everything that a text has.
    pub async fn write_text(&self, inbound_url: &str, text: &WrittenText<'_>) -> u16 {
        sms_receipts::write(&self.state, inbound_url, text).await
    }

    /// What a callback to `url` with these parameters is signed with.
    pub fn signature(&self, url: &str, parameters: &[(&str, String)]) -> String {
        sms_receipts::sign(&self.state.options.auth_token, url, parameters)
    }

    /// The next call fails so; several queue up.
    pub fn fail_next(&self, fault: SmsFault) {
        self.state.faults.next(fault);
    }

    /// All calls fail so; `None`: none does.
    pub fn fail_always(&self, fault: Option<SmsFault>) {
        self.state.faults.always(fault);
    }

    /// Which callbacks follow from now on.
    pub fn set_receipts(&self, mode: ReceiptMode) {
        *self.state.receipts.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }
}

impl State {
    pub(super) fn messages(&self) -> Vec<SmsMessage> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count_call(&self) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    /// Keeps the message and starts its callbacks.
    pub(super) fn accept(self: &Arc<Self>, draft: Draft) -> SmsMessage {
        let message = SmsMessage {
            sid: new_sid(),
            segments: segments(&draft.body),
            to: draft.to,
            from: draft.from,
            body: draft.body,
            kind: draft.kind,
            title: draft.title,
            status: "queued".to_owned(),
            error_code: None,
            status_callback: draft.status_callback,
            validity_period: draft.validity_period,
            created_at: now(),
            callbacks: Vec::new(),
        };
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() >= KEEP {
            messages.remove(0);
        }
        messages.push(message.clone());
        drop(messages);
        let mode = *self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        tokio::spawn(sms_receipts::send(self.clone(), message.clone(), mode));
        message
    }

    pub(super) fn update(&self, sid: &str, change: impl FnOnce(&mut SmsMessage)) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(message) = messages.iter_mut().rev().find(|message| message.sid == sid) {
            change(message);
        }
    }
}

#[derive(Debug)]
pub(crate) struct AbortOnDrop(pub JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sink is the outside world, with a clock of its own"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sink is the outside world, with names of its own"
)]
fn new_sid() -> String {
    format!("SM{}", Uuid::now_v7().simple())
}
