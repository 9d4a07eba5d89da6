//! What happens to a message after its handler: acknowledged, delayed, or dead.

use crate::{Bus, ConsumerSpec, dead};
use async_nats::StatusCode;
use async_nats::jetstream::{AckKind, Message};
use fault::{Ack, Fault, Result};
use std::time::Duration;

/// Longest pause between tries of a message whose dependency is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the stack does next.
pub(crate) enum Next {
    Settled,
    /// The dependency is away: try again in this process, using up no deliveries, first after this pause.
    Again(Duration),
}

/// The pause after so many tries, of which the first was followed by `first`.
pub(crate) fn backoff(first: Duration, tries: u32) -> Duration {
    first.saturating_mul(1 << tries.min(6)).min(LONGEST_PAUSE)
}

/// Tells the server that a message is still being worked on. A lost one costs a redelivery at worst.
pub(crate) async fn progress(bus: &Bus, message: &Message) {
    if let Some(reply) = message.reply.clone() {
        let _ = bus.client().publish(reply, AckKind::Progress.into()).await;
    }
}

/// Gives a message back at once, without waiting for the server's word: for a consumer that stops.
pub(crate) async fn give_back(bus: &Bus, message: &Message) {
    if let Some(reply) = message.reply.clone() {
        let _ = bus.client().publish(reply, AckKind::Nak(None).into()).await;
    }
}

/// Acknowledges a handled message without waiting for the server's word; the word on a later one of the same consumer
/// stands for it, as acknowledgements arrive in their order.
pub(crate) async fn acknowledge_unheard(bus: &Bus, spec: &ConsumerSpec, message: &Message) {
    if let Some(reply) = message.reply.clone() {
        let _ = bus.client().publish(reply, AckKind::Ack.into()).await;
    }
    metrics::consumed(spec.durable, "done");
}

/// Settles one handled message. `first`: nobody was told yet that something is away.
pub(crate) async fn settle(bus: &Bus, spec: &ConsumerSpec, message: &Message, result: Result<()>, first: bool) -> Next {
    let Err(fault) = result else {
        acknowledge(bus, message, AckKind::Ack).await;
        metrics::consumed(spec.durable, "done");
        return Next::Settled;
    };
    let delivered = message.info().map(|info| info.delivered).unwrap_or(1);
    match fault.kind().ack() {
        Ack::Retry(pause) => {
            if first {
                tracing::warn!(
                    consumer = spec.durable,
                    code = fault.code().name,
                    "waiting: {}",
                    fault.chain()
                );
            }
            progress(bus, message).await;
            metrics::consumed(spec.durable, "waiting");
            return Next::Again(pause);
        }
        Ack::RetryThenDead => {
            let index = usize::try_from(delivered - 1).unwrap_or(usize::MAX);
            if let Some(delay) = spec.retries.get(index) {
                tracing::warn!(
                    consumer = spec.durable,
                    delivered,
                    code = fault.code().name,
                    "later: {}",
                    fault.chain()
                );
                acknowledge(bus, message, AckKind::Nak(Some(*delay))).await;
                metrics::consumed(spec.durable, "later");
                return Next::Settled;
            }
            bury(bus, spec, message, &fault, delivered).await;
        }
        Ack::Dead => bury(bus, spec, message, &fault, delivered).await,
    }
    Next::Settled
}

/// A dead letter is stored before the message is terminated; while it cannot be stored, the message comes back.
async fn bury(bus: &Bus, spec: &ConsumerSpec, message: &Message, fault: &Fault, delivered: i64) {
    match dead::store(bus, spec, message, fault, delivered).await {
        Ok(()) => {
            tracing::warn!(
                consumer = spec.durable,
                code = fault.code().name,
                "dead letter: {}",
                fault.chain()
            );
            acknowledge(bus, message, AckKind::Term).await;
            metrics::consumed(spec.durable, "dead");
            metrics::dead_lettered(spec.durable, fault.code().name);
        }
        Err(error) => {
            tracing::error!(
                consumer = spec.durable,
                "the dead letter could not be stored: {}",
                error.chain()
            );
            acknowledge(bus, message, AckKind::Nak(Some(LONGEST_PAUSE))).await;
            metrics::consumed(spec.durable, "later");
        }
    }
}

/// Sends the acknowledgement and checks that a consumer took it; repeated once. A lost one means a redelivery, which
/// handlers are made for.
async fn acknowledge(bus: &Bus, message: &Message, kind: AckKind) {
    let Some(reply) = message.reply.clone() else { return };
    let payload: bytes::Bytes = kind.into();
    for attempt in 0..2 {
        let why = match bus.client().request(reply.clone(), payload.clone()).await {
            Ok(answer) => match refusal(&answer) {
                None => return,
                Some(why) => why,
            },
            Err(error) => error.to_string(),
        };
        if attempt == 1 {
            tracing::warn!("an acknowledgement was lost: {why}");
        }
    }
}

/// What an answer to an acknowledgement says against it. A consumer that took it says nothing, or `+OK`; whatever else
/// comes back comes from somebody else.
fn refusal(answer: &async_nats::Message) -> Option<String> {
    if let Some(status) = answer.status.filter(|status| *status != StatusCode::OK) {
        return Some(format!("status {status}"));
    }
    match answer.payload.as_ref() {
        b"" => None,
        said if said.starts_with(b"+OK") => None,
        said => Some(format!("an answer of {} bytes that is none", said.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: Option<StatusCode>, payload: &'static str) -> async_nats::Message {
        async_nats::Message {
            subject: "_INBOX.1".into(),
            reply: None,
            payload: payload.into(),
            headers: None,
            status,
            description: None,
            length: payload.len(),
        }
    }

    #[test]
    fn only_a_consumers_word_confirms_an_acknowledgement() {
        for confirmed in [answer(None, ""), answer(None, "+OK"), answer(Some(StatusCode::OK), "")] {
            assert_eq!(refusal(&confirmed), None);
        }
        for refused in [
            answer(Some(StatusCode::NO_RESPONDERS), ""),
            answer(Some(StatusCode::NOT_FOUND), ""),
            answer(None, "-ERR 'no such consumer'"),
            answer(None, "{\"error\":{}}"),
        ] {
            assert!(refusal(&refused).is_some(), "{refused:?}");
        }
    }
}
