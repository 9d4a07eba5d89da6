//! Dead letters: what could not be handled, with a readable reason, ready to be looked at and replayed.

use crate::{Bus, ConsumerSpec};
use async_nats::header::HeaderMap;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{self, DeliverPolicy};
use async_nats::jetstream::message::PublishMessage;
use domain::WorkspaceId;
use events::{DEAD, Subject, headers};
use fault::{Fault, Result};
use futures::StreamExt;

/// One dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place in the dead-letter stream; names it for replay.
    pub sequence: u64,
    /// When it died, RFC 3339.
    pub at: String,
    /// Empty where the message did not tell.
    pub workspace: String,
    pub consumer: String,
    /// Where it was published.
    pub subject: String,
    /// Catalogue code.
    pub code: String,
    /// What is wrong and what to do.
    pub reason: String,
    /// Id of the event, if it had one.
    pub event_id: String,
    pub payload: Vec<u8>,
}

pub(crate) async fn store(
    bus: &Bus,
    spec: &ConsumerSpec,
    message: &Message,
    fault: &Fault,
    delivered: i64,
) -> Result<()> {
    let origin = message.subject.to_string();
    let workspace = Subject::parse(&origin).map(|subject| subject.workspace().clone());
    let mut map = message.headers.clone().unwrap_or_default();
    // Its own id, so that neither the original nor a second consumer's dead letter is taken for a duplicate.
    let info = message.info().map_err(|error| Fault::unavailable("JetStream", error))?;
    map.insert(
        headers::MESSAGE_ID,
        format!("{}:{}:{}", spec.durable, info.stream, info.stream_sequence).as_str(),
    );
    map.insert(headers::DEAD_SUBJECT, origin.as_str());
    map.insert(headers::DEAD_REASON, one_line(&fault.to_string()).as_str());
    map.insert(headers::DEAD_CODE, fault.code().name);
    map.insert(headers::DEAD_CONSUMER, spec.durable);
    map.insert(headers::DEAD_STREAM, spec.stream.name);
    map.insert(headers::DEAD_DELIVERIES, delivered.to_string().as_str());
    let subject = events::dead_letter(workspace.as_ref(), spec.durable);
    let publish = PublishMessage::build().headers(map).payload(message.payload.clone());
    let lost = |error| Fault::unavailable("JetStream", error);
    bus.jetstream()
        .send_publish(subject, publish)
        .await
        .map_err(lost)?
        .await
        .map_err(lost)?;
    Ok(())
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(500)
        .collect()
}

/// Dead letters of a workspace (or of all), oldest first, at most `limit`.
pub async fn list_dead(bus: &Bus, workspace: Option<&WorkspaceId>, limit: usize) -> Result<Vec<DeadLetter>> {
    let away = |error: Box<dyn std::error::Error + Send + Sync>| Fault::unavailable("JetStream", error);
    let stream = bus
        .jetstream()
        .get_stream(DEAD.name)
        .await
        .map_err(|error| away(error.into()))?;
    let filter = events::dead_letter(workspace, "*").replace("._.", if workspace.is_some() { "._." } else { ".*." });
    let config = consumer::pull::OrderedConfig {
        filter_subject: filter,
        deliver_policy: DeliverPolicy::All,
        ..Default::default()
    };
    let consumer = stream
        .create_consumer(config)
        .await
        .map_err(|error| away(error.into()))?;
    let pending = consumer.cached_info().num_pending;
    let wanted = usize::try_from(pending).unwrap_or(usize::MAX).min(limit);
    let messages = consumer.messages().await.map_err(|error| away(error.into()))?;
    let mut letters = Vec::with_capacity(wanted);
    let mut messages = messages.take(wanted);
    while let Some(message) = messages.next().await {
        letters.push(letter(&message.map_err(|error| away(error.into()))?)?);
    }
    Ok(letters)
}

fn letter(message: &Message) -> Result<DeadLetter> {
    let info = message.info().map_err(|error| Fault::unavailable("JetStream", error))?;
    let map = message.headers.clone().unwrap_or_default();
    let header = |name: &str| map.get(name).map(|value| value.as_str().to_owned()).unwrap_or_default();
    let subject = header(headers::DEAD_SUBJECT);
    let workspace = Subject::parse(&subject)
        .map(|subject| subject.workspace().to_string())
        .unwrap_or_default();
    Ok(DeadLetter {
        sequence: info.stream_sequence,
        at: instant(info.published.unix_timestamp_nanos()),
        workspace,
        consumer: header(headers::DEAD_CONSUMER),
        subject,
        code: header(headers::DEAD_CODE),
        reason: header(headers::DEAD_REASON),
        event_id: event_id(&map, &message.payload),
        payload: message.payload.to_vec(),
    })
}

fn instant(unix_nanos: i128) -> String {
    domain::Timestamp::from_nanosecond(unix_nanos)
        .map(|at| at.to_string())
        .unwrap_or_default()
}

/// From the header, or from the document itself where it is structured JSON.
fn event_id(map: &HeaderMap, payload: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Named {
        id: String,
    }
    match map.get(headers::CE_ID) {
        Some(id) => id.as_str().to_owned(),
        None => serde_json::from_slice::<Named>(payload)
            .map(|named| named.id)
            .unwrap_or_default(),
    }
}

/// Publishes a dead letter again where it came from, under its own event id, and removes it from the dead letters.
pub async fn replay_dead(bus: &Bus, sequence: u64) -> Result<String> {
    let away = |error: Box<dyn std::error::Error + Send + Sync>| Fault::unavailable("JetStream", error);
    let stream = bus
        .jetstream()
        .get_stream(DEAD.name)
        .await
        .map_err(|error| away(error.into()))?;
    let message = stream
        .get_raw_message(sequence)
        .await
        .map_err(|error| Fault::not_found("dead letter").because(error))?;
    let subject = message
        .headers
        .get(headers::DEAD_SUBJECT)
        .map(|value| value.as_str().to_owned())
        .ok_or_else(|| {
            Fault::invalid(
                "sequence",
                "is an advisory of the server, not a message; it cannot be replayed",
            )
        })?;
    let mut map = HeaderMap::new();
    for (name, values) in message.headers.iter() {
        let name = name.to_string();
        if !name.starts_with("homing-dead-")
            && name != headers::MESSAGE_ID
            && let Some(value) = values.first()
        {
            map.insert(name.as_str(), value.as_str());
        }
    }
    let publish = PublishMessage::build().headers(map).payload(message.payload);
    let sent = bus
        .jetstream()
        .send_publish(subject.clone(), publish)
        .await
        .map_err(|error| away(error.into()))?;
    sent.await.map_err(|error| away(error.into()))?;
    stream
        .delete_message(sequence)
        .await
        .map_err(|error| away(error.into()))?;
    Ok(subject)
}
