//! `request.changed` as a hint that watchers have something to look at. A plain subscription is enough: a hint that is lost
//! is made up for by the next one, or by the watchers' own slow look.

use crate::app::Board;
use ::domain::AgentId;
use bus::Bus;
use events::event::RequestChanged;
use events::{Subject, fact_filter};
use fault::{Fault, Result};
use futures::StreamExt;
use prost::Message;
use std::future::Future;

/// Subscribes at once; the future wakes watchers until the process stops.
pub(crate) async fn hear_requests(board: Board, bus: Bus) -> Result<impl Future<Output = ()>> {
    let subscribed = bus.client().subscribe(fact_filter::<RequestChanged>()).await;
    let mut hints = subscribed.map_err(|error| Fault::unavailable("NATS", error))?;
    Ok(async move {
        while let Some(Some(hint)) = board.stop().run_until_cancelled(hints.next()).await {
            let (subject, fact) = (Subject::parse(&hint.subject), RequestChanged::decode(hint.payload));
            let (Some(subject), Ok(fact)) = (subject, fact) else {
                continue;
            };
            let named = [&fact.assignee, &fact.taken_from];
            let agents = named.into_iter().filter_map(|slug| AgentId::parse(slug).ok());
            board.moved(subject.workspace(), agents);
        }
    })
}
