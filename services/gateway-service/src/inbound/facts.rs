//! `message.posted`, `form.changed`, `card.changed` and `reminder.due` as hints that somebody's socket has something to fetch. A plain
//! subscription is enough: a hint that is lost is made up for by the next one, or by the socket's own slow poll.

use crate::app::edge::Edge;
use bus::Bus;
use domain::{AgentId, ConversationId};
use events::common::CardState;
use events::event::{CardChanged, FormChanged, MessagePosted, ReminderDue};
use events::{Fact, Subject};
use fault::{Fault, Result};
use futures::StreamExt;
use std::future::Future;
use std::sync::Arc;

/// Subscribes at once; the future wakes sockets until the process stops.
pub async fn hear_posted(edge: Arc<Edge>, bus: Bus) -> Result<impl Future<Output = ()>> {
    hear(edge.clone(), bus, move |hint: MessagePosted, subject| {
        if let Ok(conversation) = ConversationId::parse(&hint.conversation) {
            edge.hub.posted(subject.workspace(), conversation, hint.seq);
        }
    })
    .await
}

/// The same of forms.
pub async fn hear_forms(edge: Arc<Edge>, bus: Bus) -> Result<impl Future<Output = ()>> {
    hear(edge.clone(), bus, move |hint: FormChanged, subject| {
        if let Ok(conversation) = ConversationId::parse(&hint.conversation) {
            edge.hub.changed(subject.workspace(), conversation);
        }
    })
    .await
}

/// The same of what came of cards; that one was said is told by its message.
pub async fn hear_cards(edge: Arc<Edge>, bus: Bus) -> Result<impl Future<Output = ()>> {
    hear(edge.clone(), bus, move |hint: CardChanged, subject| {
        let is_new = hint.state() == CardState::Requested;
        if let Some(conversation) = ConversationId::parse(&hint.conversation).ok().filter(|_| !is_new) {
            edge.hub.changed(subject.workspace(), conversation);
        }
    })
    .await
}

/// The same of what agents are reminded of.
pub async fn hear_reminders(edge: Arc<Edge>, bus: Bus) -> Result<impl Future<Output = ()>> {
    hear(edge.clone(), bus, move |hint: ReminderDue, subject| {
        if let Ok(agent) = AgentId::parse(&hint.agent) {
            edge.hub.reminded(subject.workspace(), &agent);
        }
    })
    .await
}

async fn hear<F: Fact>(
    edge: Arc<Edge>,
    bus: Bus,
    wake: impl Fn(F, &Subject) + Send,
) -> Result<impl Future<Output = ()>> {
    let subscribed = bus.client().subscribe(events::fact_filter::<F>()).await;
    let mut hints = subscribed.map_err(|error| Fault::unavailable("NATS", error))?;
    Ok(async move {
        while let Some(Some(hint)) = edge.drain.run_until_cancelled(hints.next()).await {
            let Some(subject) = Subject::parse(&hint.subject) else {
                continue;
            };
            if let Ok(fact) = F::decode(hint.payload) {
                wake(fact, &subject);
            }
        }
    })
}
