use super::authenticate_token::Caller;
use super::edge::Edge;
use events::cloudevent::is_order;
use fault::{Fault, Result};
use rpc::contacts::IngestOrdersRequest;
use rpc::conversation::{IngestEventsRequest, IngestOutcome};

/// Below the 4 MiB that a gRPC server takes at once.
const BYTES_PER_CALL: usize = 3 * 1024 * 1024;
/// Orders are written one by one: so many fit well into the deadline of a call.
const ORDERS_PER_CALL: usize = 50;

/// Hands CloudEvents of one integration over: those about orders to contacts-service, all others to conversation-service, each
/// in their order; one outcome each. After an error the same batch may be sent again: what was taken is answered as taken.
pub async fn ingest_events(edge: &Edge, caller: &Caller, events: Vec<Vec<u8>>) -> Result<Vec<IngestOutcome>> {
    let about_order: Vec<bool> = events.iter().map(|event| is_order(event)).collect();
    let (orders, others): (Vec<_>, Vec<_>) = events.into_iter().zip(&about_order).partition(|(_, order)| **order);
    let documents = |of: Vec<(Vec<u8>, &bool)>| of.into_iter().map(|(document, _)| document).collect();
    let mut others = ingest_others(edge, caller, documents(others)).await?.into_iter();
    let mut orders = ingest_orders(edge, caller, documents(orders)).await?.into_iter();
    let outcomes = about_order.into_iter().map(|order| {
        let next = if order { orders.next() } else { others.next() };
        next.ok_or_else(|| Fault::internal("another number of outcomes than of events"))
    });
    outcomes.collect()
}

async fn ingest_others(edge: &Edge, caller: &Caller, events: Vec<Vec<u8>>) -> Result<Vec<IngestOutcome>> {
    let mut outcomes = Vec::with_capacity(events.len());
    for events in portions(events) {
        let request = IngestEventsRequest {
            workspace: caller.workspace.to_string(),
            integration: caller.integration.to_string(),
            events,
        };
        outcomes.extend(edge.conversations.ingest_events(request).await?.outcomes);
    }
    Ok(outcomes)
}

async fn ingest_orders(edge: &Edge, caller: &Caller, events: Vec<Vec<u8>>) -> Result<Vec<IngestOutcome>> {
    let mut outcomes = Vec::with_capacity(events.len());
    for events in events
        .chunks(ORDERS_PER_CALL)
        .flat_map(|events| portions(events.to_vec()))
    {
        let request = IngestOrdersRequest {
            workspace: caller.workspace.to_string(),
            integration: caller.integration.to_string(),
            events,
        };
        let told = edge.contacts.ingest_orders(caller, request).await?.outcomes;
        outcomes.extend(told.into_iter().map(|outcome| IngestOutcome {
            id: outcome.id,
            accepted: outcome.accepted,
            code: outcome.code,
            reason: outcome.reason,
            field: outcome.field,
            retry: outcome.retry,
        }));
    }
    Ok(outcomes)
}

fn portions(events: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let mut portions: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut room = 0;
    for event in events {
        match portions.last_mut() {
            Some(last) if event.len() <= room => {
                room -= event.len();
                last.push(event);
            }
            _ => {
                room = BYTES_PER_CALL.saturating_sub(event.len());
                portions.push(vec![event]);
            }
        }
    }
    portions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_batch_is_handed_over_in_order_and_in_portions() {
        let events: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 128 * 1024]).collect();
        let portions = portions(events.clone());
        assert_eq!(portions.len(), 2);
        assert!(
            portions
                .iter()
                .all(|portion| portion.iter().map(Vec::len).sum::<usize>() <= BYTES_PER_CALL)
        );
        assert_eq!(portions.concat(), events);
    }
}
