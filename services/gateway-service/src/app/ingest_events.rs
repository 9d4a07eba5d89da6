use super::authenticate_token::Caller;
use super::edge::Edge;
use fault::{Fault, Result};
use rpc::conversation::{IngestEventsRequest, IngestOutcome};

/// Below the 4 MiB that a gRPC server takes at once.
const BYTES_PER_CALL: usize = 3 * 1024 * 1024;

/// Hands CloudEvents of one integration over, in order; one outcome each. After an error the same batch may be sent
/// again: what was taken is answered as taken.
pub async fn ingest_events(edge: &Edge, caller: &Caller, events: Vec<Vec<u8>>) -> Result<Vec<IngestOutcome>> {
    let expected = events.len();
    let mut outcomes = Vec::with_capacity(expected);
    for events in portions(events) {
        let request = IngestEventsRequest {
            workspace: caller.workspace.to_string(),
            integration: caller.integration.to_string(),
            events,
        };
        outcomes.extend(edge.conversations.ingest_events(request).await?.outcomes);
    }
    if outcomes.len() == expected {
        Ok(outcomes)
    } else {
        Err(Fault::internal("IngestEvents answered another number of outcomes"))
    }
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
