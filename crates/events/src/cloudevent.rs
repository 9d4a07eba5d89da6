//! Ingest: CloudEvents 1.0 in structured JSON, or protobuf with the attributes in headers, into one typed event.

use crate::event::{IngestConversationResolved, IngestMessage, IngestMessageRead};
use crate::{Received, headers};
use domain::{IntegrationId, Timestamp, limits};
use fault::{Fault, Result, codes};
use prost::Message;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

/// An event of another system, checked for form. What it means is for conversation-service to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestEvent {
    /// With the integration, the idempotency key. 1 to 200 bytes.
    pub id: String,
    /// Our conversation id, or the integration's own reference. 1 to 200 bytes.
    pub reference: String,
    /// When it happened, as the sender says.
    pub time: Timestamp,
    pub traceparent: Option<String>,
    pub data: IngestData,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum IngestData {
    Message(IngestMessage),
    MessageRead(IngestMessageRead),
    ConversationResolved(IngestConversationResolved),
}

/// CloudEvents type, and last token of the ingest subject, of each kind.
pub const MESSAGE: (&str, &str) = ("homing.message.v1", "message");
pub const MESSAGE_READ: (&str, &str) = ("homing.message_read.v1", "message_read");
pub const CONVERSATION_RESOLVED: (&str, &str) = ("homing.conversation_resolved.v1", "conversation_resolved");

impl IngestEvent {
    /// Bytes that are equal exactly when two events say the same (the trace aside). For 'same id, other content'.
    pub fn content(&self) -> Vec<u8> {
        let mut bytes = format!("{}\n{}\n{}\n", self.data.kind().0, self.reference, self.time).into_bytes();
        match &self.data {
            IngestData::Message(data) => data.encode(&mut bytes),
            IngestData::MessageRead(data) => data.encode(&mut bytes),
            IngestData::ConversationResolved(data) => data.encode(&mut bytes),
        }
        .expect("a Vec grows");
        bytes
    }
}

impl IngestData {
    /// (type, subject token)
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Message(_) => MESSAGE,
            Self::MessageRead(_) => MESSAGE_READ,
            Self::ConversationResolved(_) => CONVERSATION_RESOLVED,
        }
    }
}

/// Attributes as they come; data stays raw until the type is known.
#[derive(Deserialize)]
struct Document<'a> {
    specversion: String,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: Option<String>,
    time: Option<String>,
    datacontenttype: Option<String>,
    traceparent: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Reads a message from NATS: structured JSON unless `Content-Type` says protobuf. The subject's last token must fit
/// the type.
pub fn from_nats(integration: &IntegrationId, token: &str, message: &Received) -> Result<IngestEvent> {
    let event = if message.header(headers::CONTENT_TYPE) == Some(headers::PROTOBUF) {
        from_protobuf(integration, message)?
    } else {
        from_json(integration, &message.payload)?
    };
    if event.data.kind().1 == token {
        Ok(event)
    } else {
        Err(malformed(
            "type",
            format!(
                "{} belongs on the subject that ends in .{}",
                event.data.kind().0,
                event.data.kind().1
            ),
        ))
    }
}

/// Reads one structured JSON document.
pub fn from_json(integration: &IntegrationId, document: &[u8]) -> Result<IngestEvent> {
    if document.len() > limits::INGEST_BYTES {
        return Err(Fault::new(&codes::TOO_LARGE, "is larger than 131,072 bytes; send less").of("event"));
    }
    let document: Document<'_> = read_json(document, "")?;
    if document.specversion != "1.0" {
        return Err(malformed("specversion", "must be 1.0"));
    }
    if document
        .datacontenttype
        .as_deref()
        .is_some_and(|kind| kind != "application/json")
    {
        return Err(malformed("datacontenttype", "must be application/json, or be left out"));
    }
    let raw = document.data.map_or("{}", RawValue::get);
    let data = match document.kind.as_str() {
        kind if kind == MESSAGE.0 => IngestData::Message(from_raw(raw)?),
        kind if kind == MESSAGE_READ.0 => IngestData::MessageRead(from_raw(raw)?),
        kind if kind == CONVERSATION_RESOLVED.0 => IngestData::ConversationResolved(from_raw(raw)?),
        _ => return Err(unknown_type()),
    };
    assemble(
        integration,
        &document.source,
        document.id,
        document.subject,
        document.time,
        document.traceparent,
        data,
    )
}

fn from_protobuf(integration: &IntegrationId, message: &Received) -> Result<IngestEvent> {
    let need = |name: &'static str| {
        message
            .header(name)
            .ok_or_else(|| malformed(name, "header is missing"))
            .map(str::to_owned)
    };
    let payload = message.payload.clone();
    let wrong =
        |error: prost::DecodeError| malformed("data", "is not the protobuf message of this type").because(error);
    let data = match need(headers::CE_TYPE)?.as_str() {
        kind if kind == MESSAGE.0 => IngestData::Message(IngestMessage::decode(payload).map_err(wrong)?),
        kind if kind == MESSAGE_READ.0 => IngestData::MessageRead(IngestMessageRead::decode(payload).map_err(wrong)?),
        kind if kind == CONVERSATION_RESOLVED.0 => {
            IngestData::ConversationResolved(IngestConversationResolved::decode(payload).map_err(wrong)?)
        }
        _ => return Err(unknown_type()),
    };
    let optional = |name: &str| message.header(name).map(str::to_owned);
    let traceparent = optional(headers::TRACEPARENT);
    let (source, id) = (need(headers::CE_SOURCE)?, need(headers::CE_ID)?);
    assemble(
        integration,
        &source,
        id,
        optional(headers::CE_SUBJECT),
        optional(headers::CE_TIME),
        traceparent,
        data,
    )
}

fn assemble(
    integration: &IntegrationId,
    source: &str,
    id: String,
    subject: Option<String>,
    time: Option<String>,
    traceparent: Option<String>,
    data: IngestData,
) -> Result<IngestEvent> {
    if source != integration.as_str() {
        return Err(malformed(
            "source",
            format!("must be the integration's own name, {integration}"),
        ));
    }
    let id = short("id", Some(id))?;
    let reference = short("subject", subject)?;
    let time = time.ok_or_else(|| malformed("time", "is missing; say when it happened, RFC 3339"))?;
    let time = time
        .parse()
        .map_err(|_| malformed("time", "is not RFC 3339, for example 2026-01-31T12:00:00Z"))?;
    Ok(IngestEvent {
        id,
        reference,
        time,
        traceparent,
        data,
    })
}

fn short(field: &'static str, text: Option<String>) -> Result<String> {
    match text {
        Some(text) if (1..=limits::FOREIGN_ID_BYTES).contains(&text.len()) && !text.chars().any(char::is_control) => {
            Ok(text)
        }
        _ => Err(malformed(field, "needs 1 to 200 bytes without control characters")),
    }
}

fn from_raw<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T> {
    read_json(raw.as_bytes(), "data")
}

fn read_json<'a, T: Deserialize<'a>>(json: &'a [u8], whole: &str) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().iter().filter_map(segment).collect();
        json_fault(error.inner(), whole, path)
    })?;
    json.end().map_err(|error| json_fault(&error, whole, vec![]))?;
    Ok(value)
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// A name that may be repeated: it looks like a field, not like a value in the wrong place.
fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// `path` leads to what does not fit; values never appear in the public sentence.
fn json_fault(error: &serde_json::Error, whole: &str, mut path: Vec<String>) -> Fault {
    let text = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    let named = |start: &str| text.strip_prefix(start).and_then(|rest| rest.split('`').next());
    let remedy = if let Some(name) = named("missing field `") {
        path.push(name.to_owned());
        format!("is missing ({place})")
    } else if let Some(name) = named("duplicate field `") {
        path.push(name.to_owned());
        format!("is there twice ({place})")
    } else if text.starts_with("unknown field") {
        if path.last().is_some_and(|name| is_name(name)) {
            format!("is unknown ({place})")
        } else {
            path.pop();
            format!("has an unknown field at {place}")
        }
    } else if error.is_data() {
        format!("has a value of the wrong type at {place}")
    } else {
        path.clear();
        format!("is not JSON: stops making sense at {place}")
    };
    let field: Vec<&str> = Some(whole).into_iter().chain(path.iter().map(String::as_str)).collect();
    let field = field
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(".");
    malformed(if field.is_empty() { "event".to_owned() } else { field }, remedy)
}

fn unknown_type() -> Fault {
    malformed(
        "type",
        format!(
            "must be one of {}, {}, {}",
            MESSAGE.0, MESSAGE_READ.0, CONVERSATION_RESOLVED.0
        ),
    )
}

fn malformed(field: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault::new(&codes::MALFORMED, remedy).of(field)
}
