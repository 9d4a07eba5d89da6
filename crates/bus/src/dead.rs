//! Dead letters: what could not be handled, with a readable reason, ready to be looked at and replayed.

use crate::{Bus, ConsumerSpec};
use async_nats::header::HeaderMap;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{self, DeliverPolicy};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Stream;
use domain::WorkspaceId;
use events::{DEAD, DEAD_SUBJECTS, GIVEN_UP_SUBJECTS, Subject, headers};
use fault::{Fault, Result};
use futures::StreamExt;
use std::collections::VecDeque;
use std::time::Duration;

/// What was pending and does not come within this time was removed meanwhile.
const REMOVED_AFTER: Duration = Duration::from_secs(3);
/// Messages of the stream that are looked through first, per wanted letter; then ever more.
const LOOKED_THROUGH: u64 = 4;

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
    /// Where it was published; empty where the server gave it up.
    pub subject: String,
    /// Catalogue code; empty where the server gave it up.
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

/// The newest dead letters of a workspace, or of all and then with what the server gave up; at most `limit`, the oldest
/// of them first.
pub async fn list_dead(bus: &Bus, workspace: Option<&WorkspaceId>, limit: usize) -> Result<Vec<DeadLetter>> {
    list_dead_before(bus, workspace, u64::MAX, limit).await
}

/// The same of what lies before a sequence: the page before one that begins with it.
pub async fn list_dead_before(
    bus: &Bus,
    workspace: Option<&WorkspaceId>,
    before: u64,
    limit: usize,
) -> Result<Vec<DeadLetter>> {
    let stream = bus.jetstream().get_stream(DEAD.name).await;
    let stream = stream.map_err(|error| Fault::unavailable("JetStream", error))?;
    let state = &stream.cached_info().state;
    let (first, end) = (state.first_sequence.max(1), before.min(state.last_sequence + 1));
    let mut window = LOOKED_THROUGH.saturating_mul(limit.max(1) as u64);
    loop {
        let start = end.saturating_sub(window).max(first);
        let letters = read(&stream, workspace, start..end, limit).await?;
        if letters.len() >= limit || start <= first {
            return letters.iter().map(letter).collect();
        }
        window = window.saturating_mul(LOOKED_THROUGH);
    }
}

/// The last `limit` dead letters of a part of the stream.
async fn read(
    stream: &Stream,
    workspace: Option<&WorkspaceId>,
    part: std::ops::Range<u64>,
    limit: usize,
) -> Result<VecDeque<Message>> {
    let away = |error: Box<dyn std::error::Error + Send + Sync>| Fault::unavailable("JetStream", error);
    let mut letters = VecDeque::new();
    if part.is_empty() {
        return Ok(letters);
    }
    let filter_subjects = match workspace {
        Some(_) => vec![events::dead_letter(workspace, "*")],
        None => vec![DEAD_SUBJECTS.into(), GIVEN_UP_SUBJECTS.into()],
    };
    let start_sequence = part.start;
    let config = consumer::pull::OrderedConfig {
        filter_subjects,
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
        ..Default::default()
    };
    let consumer = stream.create_consumer(config).await;
    let consumer = consumer.map_err(|error| away(error.into()))?;
    let mut pending = consumer.cached_info().num_pending;
    let mut messages = consumer.messages().await.map_err(|error| away(error.into()))?;
    while pending > 0
        && let Ok(Some(message)) = tokio::time::timeout(REMOVED_AFTER, messages.next()).await
    {
        let message = message.map_err(|error| away(error.into()))?;
        let info = message.info().map_err(away)?;
        pending = info.pending;
        if info.stream_sequence >= part.end {
            break;
        }
        letters.push_back(message);
        if letters.len() > limit {
            letters.pop_front();
        }
    }
    Ok(letters)
}

fn letter(message: &Message) -> Result<DeadLetter> {
    let info = message.info().map_err(|error| Fault::unavailable("JetStream", error))?;
    let map = message.headers.clone().unwrap_or_default();
    let header = |name: &str| map.get(name).map(|value| value.as_str().to_owned()).unwrap_or_default();
    let subject = header(headers::DEAD_SUBJECT);
    let at = instant(info.published.unix_timestamp_nanos());
    if subject.is_empty() {
        return Ok(given_up(info.stream_sequence, at, &message.payload));
    }
    let workspace = Subject::parse(&subject)
        .map(|subject| subject.workspace().to_string())
        .unwrap_or_default();
    Ok(DeadLetter {
        sequence: info.stream_sequence,
        at,
        workspace,
        consumer: header(headers::DEAD_CONSUMER),
        subject,
        code: header(headers::DEAD_CODE),
        reason: header(headers::DEAD_REASON),
        event_id: event_id(&map, &message.payload),
        payload: message.payload.to_vec(),
    })
}

/// What the server says of a message that it gave up.
fn given_up(sequence: u64, at: String, advisory: &[u8]) -> DeadLetter {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Advisory {
        stream: String,
        consumer: String,
        stream_seq: u64,
        deliveries: u64,
    }
    let told: Advisory = serde_json::from_slice(advisory).unwrap_or_default();
    DeadLetter {
        sequence,
        at,
        workspace: String::new(),
        consumer: told.consumer,
        subject: String::new(),
        code: String::new(),
        reason: format!(
            "the server gave up message {} of {} after {} deliveries without an answer",
            told.stream_seq, told.stream, told.deliveries
        ),
        event_id: String::new(),
        payload: advisory.to_vec(),
    }
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
