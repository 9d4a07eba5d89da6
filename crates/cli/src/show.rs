//! Answers of the services as rows and JSON.

use anyhow::{Context, Result};
use async_nats::HeaderMap;
use events::{Subject, headers, instant};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use prost_types::Timestamp;
use rpc::notifier::{Delivery, ExplainFollowUpResponse, FollowUp, TimelineEntry};
use serde_json::{Value, json};

/// `12:00:01.250`, UTC.
pub(crate) fn clock(at: Option<&Timestamp>) -> String {
    time(at)
        .map(|at| at.strftime("%H:%M:%S%.3f").to_string())
        .unwrap_or_default()
}

pub(crate) fn time(at: Option<&Timestamp>) -> Option<jiff::Timestamp> {
    instant(at.cloned())
}

pub(crate) fn rfc3339(at: Option<&Timestamp>) -> Value {
    time(at).map_or(Value::Null, |at| at.to_string().into())
}

/// `delivery.status.accepted` and the like, from a generated enum's name: the words after the enum's own.
pub(crate) fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
}

/// Micro-PU as PU.
pub(crate) fn pu(micro: i64) -> String {
    let (whole, rest) = (micro / 1_000_000, (micro % 1_000_000).abs());
    let sign = if micro < 0 && whole == 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `presence=offline presence_cause=left`, in the order of the names; only what differs from the entry before.
pub(crate) fn facts(entry: &TimelineEntry, before: Option<&TimelineEntry>) -> String {
    let known = |name: &String| before.and_then(|before| before.facts.get(name));
    let news = entry.facts.iter().filter(|(name, value)| known(name) != Some(*value));
    let mut facts: Vec<String> = news.map(|(name, value)| format!("{name}={value}")).collect();
    facts.sort();
    facts.join(" ")
}

pub(crate) fn delivery_row(delivery: &Delivery) -> Vec<String> {
    vec![
        word(delivery.kind().as_str_name(), "MESSAGE_KIND_"),
        word(delivery.purpose().as_str_name(), "DELIVERY_PURPOSE_"),
        word(delivery.status().as_str_name(), "DELIVERY_STATUS_"),
        delivery.parts.to_string(),
        pu(delivery.micro_pu),
        delivery.reason.clone(),
        delivery.delivery.clone(),
    ]
}

pub(crate) fn follow_up(one: &FollowUp) -> Value {
    let causes: Vec<String> = one
        .end_causes()
        .map(|cause| word(cause.as_str_name(), "FOLLOW_UP_END_"))
        .collect();
    json!({
        "follow_up": one.follow_up,
        "conversation": one.conversation,
        "from_seq": one.from_seq,
        "to_seq": one.to_seq,
        "state": word(one.state().as_str_name(), "FOLLOW_UP_STATE_"),
        "end_reason": word(one.end_reason().as_str_name(), "FOLLOW_UP_END_"),
        "end_causes": causes,
        "started_at": rfc3339(one.started_at.as_ref()),
        "due_at": rfc3339(one.due_at.as_ref()),
        "trace_id": one.trace_id,
    })
}

pub(crate) fn delivery(one: &Delivery) -> Value {
    json!({
        "delivery": one.delivery,
        "follow_up": one.follow_up,
        "purpose": word(one.purpose().as_str_name(), "DELIVERY_PURPOSE_"),
        "kind": word(one.kind().as_str_name(), "MESSAGE_KIND_"),
        "status": word(one.status().as_str_name(), "DELIVERY_STATUS_"),
        "parts": one.parts,
        "micro_pu": one.micro_pu,
        "provider": one.provider,
        "reason": one.reason,
        "at": rfc3339(one.at.as_ref()),
        "seq": one.seq,
    })
}

/// Everything about a follow-up as JSON.
pub(crate) fn explained(answer: &ExplainFollowUpResponse) -> Value {
    let timeline: Vec<Value> = answer
        .timeline
        .iter()
        .map(|entry| {
            json!({
                "number": entry.number,
                "at": rfc3339(entry.at.as_ref()),
                "what": entry.what,
                "facts": entry.facts.iter().collect::<std::collections::BTreeMap<_, _>>(),
                "delivery": entry.delivery,
                "follow_up": entry.follow_up,
            })
        })
        .collect();
    json!({
        "summary": answer.summary,
        "follow_ups": answer.follow_ups.iter().map(follow_up).collect::<Vec<_>>(),
        "deliveries": answer.deliveries.iter().map(delivery).collect::<Vec<_>>(),
        "timeline": timeline,
        "truncated": answer.truncated,
    })
}

/// A fact as one JSON document; `None` where the subject is not a fact's.
pub(crate) fn fact_line(subject: &Subject, map: &HeaderMap, payload: &[u8]) -> Option<Value> {
    let Subject::Fact { aggregate, event, .. } = subject else {
        return None;
    };
    let header = |name: &str| map.get(name).map(|value| value.as_str().to_owned());
    Some(json!({
        "at": header(headers::CE_TIME), "workspace": subject.workspace().as_str(), "fact": format!("{aggregate}.{event}"),
        "id": header(headers::CE_ID), "source": header(headers::CE_SOURCE), "trace": header(headers::TRACEPARENT),
        "data": fact(aggregate, event, payload),
    }))
}

/// The payload of a fact from its canonical JSON: what [`fact`] gives, read back.
pub(crate) fn payload(aggregate: &str, event: &str, data: Value) -> Result<Vec<u8>> {
    let descriptor =
        descriptor(aggregate, event).with_context(|| format!("{aggregate}.{event} is not a known fact"))?;
    Ok(DynamicMessage::deserialize(descriptor, data)?.encode_to_vec())
}

/// A fact's payload as canonical JSON; `null` for kinds that are not in the catalogue and for broken payloads.
pub(crate) fn fact(aggregate: &str, event: &str, payload: &[u8]) -> Value {
    let decoded = descriptor(aggregate, event).and_then(|message| DynamicMessage::decode(message, payload).ok());
    decoded
        .and_then(|decoded| serde_json::to_value(decoded).ok())
        .unwrap_or_default()
}

/// `visitor.presence_changed` is VisitorPresenceChanged, and so is every other.
fn descriptor(aggregate: &str, event: &str) -> Option<MessageDescriptor> {
    let camel = |word: &str| word.split('_').map(capital).collect::<String>();
    let name = format!("homing.event.v1.{}{}", camel(aggregate), camel(event));
    DescriptorPool::decode(rpc::FILE_DESCRIPTOR_SET)
        .ok()?
        .get_message_by_name(&name)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{fact, pu};

    #[test]
    fn every_fact_of_the_catalogue_can_be_shown() {
        for (aggregate, event, _) in events::REGISTRY {
            assert!(fact(aggregate, event, &[]).is_object(), "{aggregate}.{event}");
        }
    }

    #[test]
    fn micro_units_print_as_decimals() {
        assert_eq!(pu(1_500_000), "1.5");
        assert_eq!(pu(2_000_000), "2");
        assert_eq!(pu(-1), "-0.000001");
        assert_eq!(pu(0), "0");
    }
}
