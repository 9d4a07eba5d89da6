//! Ingest from NATS.

use crate::app::{App, Submitted};
use bus::{BatchHandler, ConsumerSpec};
use domain::limits;
use events::{INGEST, Received, Subject, cloudevent, headers};
use fault::{Fault, Result, codes};
use serde::Deserialize;
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use store::Tenure;
use tracing::Span;

/// Name of the consumer, and of what it does in traces.
const DURABLE: &str = "conversation-ingest";

/// When an event about something unknown is tried again, in parts of all the time that it may wait: soon at first, as
/// what it waits for is mostly on its way.
const RETRIES: [f64; 8] = [0.0003, 0.0014, 0.0083, 0.04, 0.08, 0.16, 0.31, 0.4];

/// Events set aside per writer while contacts-service or the database is away.
const PARKED: usize = 10_000;

/// What the consumer reads, with how many writers, in the turn of which epoch; after `wait` an event about something
/// unknown is dead.
pub fn spec(writers: usize, wait: Duration, tenure: &Tenure) -> ConsumerSpec {
    ConsumerSpec {
        stream: &INGEST,
        durable: DURABLE,
        // All that the stream takes: comparing each subject with a list cost the server half of its time.
        filters: Vec::new(),
        workers: writers,
        batch: limits::INGEST_BATCH,
        ack_wait: Duration::from_secs(30),
        retries: RETRIES.iter().map(|part| wait.mul_f64(*part)).collect(),
        parked: PARKED,
        generation: Some(tenure.epoch()),
    }
}

/// Hands batches of events to the use case, in the turn of this replica.
#[derive(Debug)]
pub struct Ingest {
    app: App,
    tenure: Tenure,
}

impl Ingest {
    pub fn new(app: App, tenure: Tenure) -> Self {
        Self { app, tenure }
    }
}

impl BatchHandler for Ingest {
    async fn handle(&self, batch: Vec<Received>) -> Vec<Result<()>> {
        let mut submitted = Vec::with_capacity(batch.len());
        let mut refused = Vec::with_capacity(batch.len());
        // Each event is a span of its own, in its sender's trace, for as long as its batch takes.
        let mut spans = Vec::with_capacity(batch.len());
        for message in &batch {
            refused.push(match read(message) {
                Ok((one, span)) => {
                    submitted.push(one);
                    spans.push(span);
                    None
                }
                Err(fault) => Some(fault),
            });
        }
        let mut taken = self.app.ingest_events(submitted, Some(&self.tenure)).await.into_iter();
        let results = refused.into_iter().map(|refused| match refused {
            Some(fault) => Err(fault),
            None => taken.next().expect("one result per submitted event"),
        });
        results.collect()
    }

    fn partition(&self, message: &Received) -> u64 {
        partition(message)
    }
}

/// By what the event is about, as it says itself: events of one conversation are written in the order of the stream.
fn partition(message: &Received) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.workspace().as_str().hash(&mut hasher);
    // A document bears its own subject, whatever a header says.
    match message.header(headers::CONTENT_TYPE) {
        Some(headers::PROTOBUF) => message
            .header(headers::CE_SUBJECT)
            .unwrap_or_default()
            .hash(&mut hasher),
        _ => about(&message.payload).as_str().hash(&mut hasher),
    }
    hasher.finish()
}

fn read(message: &Received) -> Result<(Submitted, Span)> {
    let Subject::Ingest {
        workspace,
        integration,
        event: token,
    } = &message.subject
    else {
        return Err(Fault::new(&codes::MALFORMED, "is not a subject for events of other systems").of("subject"));
    };
    let mut event = cloudevent::from_nats(integration, token, message)?;
    let span = tracing::info_span!(
        "process",
        otel.name = format!("process {DURABLE}"),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.message.id = %event.id,
        homing.workspace = %workspace,
    );
    if let Some(parent) = event
        .traceparent
        .as_deref()
        .or_else(|| message.header(headers::TRACEPARENT))
    {
        rpc::set_parent(&span, parent);
    }
    event.traceparent = rpc::traceparent(&span).or(event.traceparent);
    Ok((
        Submitted {
            workspace: workspace.clone(),
            integration: integration.clone(),
            event,
        },
        span,
    ))
}

/// The `subject` of a JSON document, and nothing else of it; empty if it has none or is no JSON.
fn about(payload: &[u8]) -> String {
    #[derive(Deserialize)]
    struct About<'a> {
        #[serde(borrow)]
        subject: Option<Cow<'a, str>>,
    }
    let about = serde_json::from_slice::<About<'_>>(payload).ok();
    about
        .and_then(|about| about.subject)
        .map(Cow::into_owned)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{IntegrationId, WorkspaceId};

    fn received(headers: &[(&str, &str)], payload: &str) -> Received {
        let subject = Subject::Ingest {
            workspace: WorkspaceId::parse("acme").expect("a slug"),
            integration: IntegrationId::parse("helpdesk").expect("a slug"),
            event: cloudevent::MESSAGE.1.into(),
        };
        Received {
            raw_subject: subject.to_string(),
            subject,
            id: String::new(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            payload: payload.to_owned().into(),
            delivered: 1,
        }
    }

    #[test]
    fn an_event_about_something_unknown_is_tried_all_the_time_that_it_may_wait() {
        let whole: f64 = RETRIES.iter().sum();
        assert!((whole - 1.0).abs() < 1e-9, "{whole}");
        assert!(RETRIES.is_sorted());
    }

    #[test]
    fn a_documents_own_subject_decides_its_partition() {
        let document = r#"{"id": "1", "subject": "ticket-1"}"#;
        let plain = received(&[], document);
        let headed = received(&[(headers::CE_SUBJECT, "ticket-2")], document);
        let protobuf = |subject| {
            let kind = (headers::CONTENT_TYPE, headers::PROTOBUF);
            partition(&received(&[kind, (headers::CE_SUBJECT, subject)], ""))
        };
        assert_eq!(partition(&plain), partition(&headed));
        assert_eq!(partition(&plain), protobuf("ticket-1"));
        assert_ne!(partition(&plain), protobuf("ticket-2"));
    }
}
