//! `message.posted` as a hint that somebody's socket has something to fetch. A plain subscription is enough: a hint
//! that is lost is made up for by the next one, or by the socket's own slow poll.

use crate::app::edge::Edge;
use bus::Bus;
use domain::ConversationId;
use events::Subject;
use events::event::MessagePosted;
use fault::{Fault, Result};
use futures::StreamExt;
use prost::Message;
use std::future::Future;
use std::sync::Arc;

/// Subscribes at once; the future wakes sockets until the process stops.
pub async fn hear_posted(edge: Arc<Edge>, bus: Bus) -> Result<impl Future<Output = ()>> {
    let subscribed = bus.client().subscribe(events::fact_filter::<MessagePosted>()).await;
    let mut hints = subscribed.map_err(|error| Fault::unavailable("NATS", error))?;
    Ok(async move {
        while let Some(Some(hint)) = edge.drain.run_until_cancelled(hints.next()).await {
            let Some(subject) = Subject::parse(&hint.subject) else {
                continue;
            };
            let Ok(posted) = MessagePosted::decode(hint.payload) else {
                continue;
            };
            if let Ok(conversation) = ConversationId::parse(&posted.conversation) {
                edge.hub.posted(subject.workspace(), conversation, posted.seq);
            }
        }
    })
}
