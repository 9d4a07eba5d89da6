//! Ingest: CloudEvents 1.0 in structured JSON, or protobuf with the attributes in headers, into one typed event.

mod data;

use crate::{Received, headers};
use domain::{IntegrationId, Timestamp, limits};
use fault::{Fault, Result, codes};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

pub use data::{
    CALL_ENDED, CONVERSATION_RESOLVED, Data, IngestData, MESSAGE, MESSAGE_READ, ORDER_PLACED, ORDER_UPDATED, OrderData,
};

/// An event of another system, checked for form. What it means is for the service to decide that reads its kind of data.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestEvent<D = IngestData> {
    /// With the integration, the idempotency key. 1 to 200 bytes.
    pub id: String,
    /// What it is about: our conversation id or the integration's own reference, or the shop's id of an order. 1 to 200
    /// bytes.
    pub reference: String,
    /// When it happened, as the sender says.
    pub time: Timestamp,
    pub traceparent: Option<String>,
    pub data: D,
}

impl<D: Data> IngestEvent<D> {
    /// Bytes that are equal exactly when two events say the same (the trace aside). For 'same id, other content'.
    pub fn content(&self) -> Vec<u8> {
        let mut bytes = format!("{}\n{}\n{}\n", self.data.kind().0, self.reference, self.time).into_bytes();
        bytes.extend(self.data.encode());
        bytes
    }
}

/// Is this a document about an order, as far as its type can be read?
pub fn is_order(document: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow)]
        kind: std::borrow::Cow<'a, str>,
    }
    let kind = serde_json::from_slice::<Kind<'_>>(document);
    kind.is_ok_and(|document| [ORDER_PLACED.0, ORDER_UPDATED.0].contains(&document.kind.as_ref()))
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
pub fn from_nats<D: Data>(integration: &IntegrationId, token: &str, message: &Received) -> Result<IngestEvent<D>> {
    let event: IngestEvent<D> = if message.header(headers::CONTENT_TYPE) == Some(headers::PROTOBUF) {
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
pub fn from_json<D: Data>(integration: &IntegrationId, document: &[u8]) -> Result<IngestEvent<D>> {
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
    let data = document.data.map_or("{}", RawValue::get);
    let data = D::from_json(&document.kind, data).ok_or_else(unknown_type)??;
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

fn from_protobuf<D: Data>(integration: &IntegrationId, message: &Received) -> Result<IngestEvent<D>> {
    let need = |name: &'static str| {
        message
            .header(name)
            .ok_or_else(|| malformed(name, "header is missing"))
            .map(str::to_owned)
    };
    let kind = need(headers::CE_TYPE)?;
    let data = D::from_protobuf(&kind, message.payload.clone()).ok_or_else(unknown_type)??;
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

fn assemble<D>(
    integration: &IntegrationId,
    source: &str,
    id: String,
    subject: Option<String>,
    time: Option<String>,
    traceparent: Option<String>,
    data: D,
) -> Result<IngestEvent<D>> {
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
            "does not fit its subject, or is none of {}, {}, {}, {}, {}, {}",
            MESSAGE.0, MESSAGE_READ.0, CONVERSATION_RESOLVED.0, CALL_ENDED.0, ORDER_PLACED.0, ORDER_UPDATED.0
        ),
    )
}

fn malformed(field: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault::new(&codes::MALFORMED, remedy).of(field)
}
