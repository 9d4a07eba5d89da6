//! What shops publish about orders on NATS.

use crate::app::Contacts;
use bus::{ConsumerSpec, Handler};
use events::{ORDERS, Received, Subject, cloudevent};
use fault::{Fault, Result, codes};
use std::borrow::Cow;
use std::time::Duration;

/// An event of an order that is not known yet waits an hour for the one that says whose it is.
const RETRIES: &[Duration] = &[
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
    Duration::from_secs(1_200),
    Duration::from_secs(1_644),
];

/// So many may wait for their order: one shop's must not stop all others'.
const PARKED: usize = 8_000;

/// Orders one by one, in whatever order: their versions say which counts.
pub fn spec() -> ConsumerSpec {
    ConsumerSpec {
        stream: &ORDERS,
        workers: 8,
        retries: Cow::Borrowed(RETRIES),
        parked: PARKED,
        ..ConsumerSpec::facts("contacts-orders", vec![])
    }
}

/// Hands events to the use case.
#[derive(Debug)]
pub struct Orders(pub Contacts);

impl Handler for Orders {
    async fn handle(&self, message: Received) -> Result<()> {
        let Subject::Ingest {
            workspace,
            integration,
            event: token,
        } = &message.subject
        else {
            return Err(Fault::new(&codes::MALFORMED, "is not a subject for events of other systems").of("subject"));
        };
        let event = cloudevent::from_nats(integration, token, &message)?;
        let rights = self.0.role_rights(workspace, integration, (None, None)).await?;
        self.0.ingest_order(workspace, (integration, &rights), event).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_an_unknown_order_waits_an_hour() {
        assert_eq!(RETRIES.iter().sum::<Duration>(), Duration::from_secs(3_600));
    }
}
