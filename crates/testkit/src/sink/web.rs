//! One page, and JSON, to look at what the sinks were given.

use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;

use super::mail::Mail;
use super::sms::{AbortOnDrop, SmsMessage, SmsSink, WrittenText};
use super::smtp::SmtpSink;
use crate::otlp::{OtlpSink, Span};

/// `GET /` (a page), `/messages`, `/mails`, `/spans/{trace}` (JSON). `POST /written` is somebody who writes a text: the
/// provider's call goes to `url`, and what it is answered with comes back.
#[derive(Debug)]
pub struct SinkWeb {
    url: String,
    _server: AbortOnDrop,
}

#[derive(Clone)]
struct Sinks {
    sms: SmsSink,
    smtp: SmtpSink,
    otlp: OtlpSink,
}

impl SinkWeb {
    /// Listens on a free port.
    pub async fn start(sms: &SmsSink, smtp: &SmtpSink, otlp: &OtlpSink) -> Result<Self> {
        Self::on(sms, smtp, otlp, TcpListener::bind(("127.0.0.1", 0)).await?)
    }

    /// Serves `listener`.
    pub fn on(sms: &SmsSink, smtp: &SmtpSink, otlp: &OtlpSink, listener: TcpListener) -> Result<Self> {
        let url = format!("http://{}", listener.local_addr()?);
        let sinks = Arc::new(Sinks {
            sms: sms.clone(),
            smtp: smtp.clone(),
            otlp: otlp.clone(),
        });
        let app = Router::new()
            .route("/", get(page))
            .route("/messages", get(messages))
            .route("/mails", get(mails))
            .route("/spans/{trace}", get(spans))
            .route("/written", post(written))
            .with_state(sinks);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the sinks' page ended");
            }
        });
        Ok(Self {
            url,
            _server: AbortOnDrop(server),
        })
    }

    /// Where the page is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

async fn messages(State(sinks): State<Arc<Sinks>>) -> Json<Vec<SmsMessage>> {
    Json(sinks.sms.messages())
}

async fn mails(State(sinks): State<Arc<Sinks>>) -> Json<Vec<Mail>> {
    Json(sinks.smtp.mails())
}

async fn spans(State(sinks): State<Arc<Sinks>>, Path(trace): Path<String>) -> Json<Vec<Span>> {
    Json(sinks.otlp.trace(&trace))
}

/// A text that somebody writes.
#[derive(Deserialize)]
struct Written {
    /// The provider's id of it.
    sid: String,
    from: String,
    body: String,
    /// Where providers call for texts that came in.
    url: String,
}

/// The HTTP code that the provider's call was answered with; 0: nobody answered.
async fn written(State(sinks): State<Arc<Sinks>>, Json(written): Json<Written>) -> Json<u16> {
    let text = WrittenText {
        sid: &written.sid,
        from: &written.from,
        body: &written.body,
        ..WrittenText::default()
    };
    Json(sinks.sms.write_text(&written.url, &text).await)
}

async fn page(State(sinks): State<Arc<Sinks>>) -> Html<String> {
    let mut rows: Vec<_> = sinks
        .sms
        .messages()
        .iter()
        .map(text_row)
        .chain(sinks.smtp.mails().iter().map(mail_row))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.0));
    let rows: String = rows.into_iter().map(|(_, row)| row).collect();
    let body = if rows.is_empty() {
        "<p>Nothing has arrived yet.</p>".to_owned()
    } else {
        format!("<ol>{rows}</ol>")
    };
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=3><title>Texts and mails</title>\
         <style>body{{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}}ol{{list-style:none;padding:0}}\
         li{{border:1px solid #ccc;border-radius:.5rem;padding:.75rem 1rem;margin:.75rem 0}}pre{{white-space:pre-wrap;font:inherit;margin:.5rem 0 0}}\
         small{{color:#555}}</style><h1>Texts and mails</h1><p><a href=/messages>texts as JSON</a> · <a href=/mails>mails as JSON</a></p>{body}</html>"
    ))
}

fn text_row(message: &SmsMessage) -> (jiff::Timestamp, String) {
    let by_whatsapp = message.to.strip_prefix("whatsapp:");
    let (what, to) = by_whatsapp.map_or(("Text", message.to.as_str()), |to| ("WhatsApp message", to));
    let row = format!(
        "<li><strong>{what} to {}</strong> <small>{} · {} · {} part(s) · {}</small><pre>{}</pre></li>",
        escape(to),
        message.created_at.strftime("%H:%M:%S"),
        escape(&message.status),
        message.segments,
        escape(&message.sid),
        linked(&message.body)
    );
    (message.created_at, row)
}

fn mail_row(mail: &Mail) -> (jiff::Timestamp, String) {
    let row = format!(
        "<li><strong>Mail to {}</strong> <small>{} · from {}</small><br>{}<pre>{}</pre></li>",
        escape(&mail.envelope_to.join(", ")),
        mail.received_at.strftime("%H:%M:%S"),
        escape(mail.from.as_deref().unwrap_or("nobody")),
        escape(mail.subject.as_deref().unwrap_or("(no subject)")),
        linked(mail.text.as_deref().unwrap_or_default())
    );
    (mail.received_at, row)
}

/// Escaped, with http links that can be followed.
fn linked(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let link = word.trim_end();
        let escaped = escape(word);
        let web = link.starts_with("http://") || link.starts_with("https://");
        if web {
            format!("<a rel=noreferrer href=\"{}\">{escaped}</a>", escape(link))
        } else {
            escaped
        }
    });
    words.collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
