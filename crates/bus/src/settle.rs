//! What happens to a message after its handler: acknowledged, delayed, or dead.

use crate::{Bus, ConsumerSpec, dead};
use async_nats::jetstream::{AckKind, Message};
use fault::{Ack, Fault, Result};
use std::time::Duration;

/// Longest pause between tries of a message whose dependency is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the stack does next.
pub(crate) enum Next {
    Settled,
    /// The dependency is away: try again in this process after the pause; the message itself uses up no deliveries.
    Again(Duration),
}

/// Settles one handled message. `tries` counts this process's tries of it.
pub(crate) async fn settle(bus: &Bus, spec: &ConsumerSpec, message: &Message, result: Result<()>, tries: u32) -> Next {
    let Err(fault) = result else {
        acknowledge(bus, message, AckKind::Ack).await;
        return Next::Settled;
    };
    let delivered = message.info().map(|info| info.delivered).unwrap_or(1);
    match fault.kind().ack() {
        Ack::Retry(first) => {
            if tries == 0 {
                tracing::warn!(
                    consumer = spec.durable,
                    code = fault.code().name,
                    "waiting: {}",
                    fault.chain()
                );
            }
            acknowledge(bus, message, AckKind::Progress).await;
            let pause = first.saturating_mul(1 << tries.min(6)).min(LONGEST_PAUSE);
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
        }
        Err(error) => {
            tracing::error!(
                consumer = spec.durable,
                "the dead letter could not be stored: {}",
                error.chain()
            );
            acknowledge(bus, message, AckKind::Nak(Some(LONGEST_PAUSE))).await;
        }
    }
}

/// Sends the acknowledgement and checks that a consumer took it; repeated once. A lost one means a redelivery, which
/// handlers are made for.
async fn acknowledge(bus: &Bus, message: &Message, kind: AckKind) {
    let Some(reply) = message.reply.clone() else { return };
    if matches!(kind, AckKind::Progress) {
        let _ = bus.client().publish(reply, kind.into()).await;
        return;
    }
    let payload: bytes::Bytes = kind.into();
    for attempt in 0..2 {
        match bus.client().request(reply.clone(), payload.clone()).await {
            Ok(_) => return,
            Err(error) if attempt == 1 => tracing::warn!("an acknowledgement was lost: {error}"),
            Err(_) => {}
        }
    }
}
