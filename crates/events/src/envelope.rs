use crate::{Fact, Subject, headers};
use bytes::Bytes;
use domain::{EventId, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};

/// A fact ready for the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub id: EventId,
    pub workspace: WorkspaceId,
    pub subject: String,
    /// Name and value; `Nats-Msg-Id` and the `ce-*` set. The store adds `traceparent`.
    pub headers: Vec<(String, String)>,
    pub payload: Vec<u8>,
    pub at: Timestamp,
}

impl Outgoing {
    /// Wraps a fact of `service`.
    pub fn new<F: Fact>(id: EventId, workspace: &WorkspaceId, service: &str, at: Timestamp, fact: &F) -> Self {
        let subject = Subject::Fact {
            workspace: workspace.clone(),
            aggregate: F::AGGREGATE.into(),
            event: F::EVENT.into(),
        };
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![
            (headers::MESSAGE_ID.to_owned(), id.to_string()),
            (headers::CE_ID.to_owned(), id.to_string()),
            text(headers::CE_SPECVERSION, "1.0"),
            text(headers::CE_TYPE, F::TYPE),
            (headers::CE_SOURCE.to_owned(), format!("homing/{service}")),
            (headers::CE_TIME.to_owned(), at.to_string()),
            text(headers::CONTENT_TYPE, headers::PROTOBUF),
        ];
        let payload = fact.encode_to_vec();
        Self {
            id,
            workspace: workspace.clone(),
            subject: subject.to_string(),
            headers,
            payload,
            at,
        }
    }
}

/// A message as a consumer's handler sees it: subject taken apart, identity known, payload not yet decoded.
#[derive(Debug, Clone)]
pub struct Received {
    pub subject: Subject,
    /// Subject as it was published, for dead letters and errors.
    pub raw_subject: String,
    /// `ce-id`, or `Nats-Msg-Id`; empty where neither is set.
    pub id: String,
    pub headers: Vec<(String, String)>,
    pub payload: Bytes,
    /// 1 for the first delivery.
    pub delivered: i64,
}

impl Received {
    pub fn workspace(&self) -> &WorkspaceId {
        self.subject.workspace()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The fact's id. A fact without one is malformed.
    pub fn event_id(&self) -> Result<EventId> {
        EventId::parse(&self.id).map_err(Fault::from)
    }

    /// True if the subject is that of `F`.
    pub fn is<F: Fact>(&self) -> bool {
        matches!(&self.subject, Subject::Fact { aggregate, event, .. } if aggregate == F::AGGREGATE && event == F::EVENT)
    }

    /// Decodes the payload as `F`.
    pub fn decode<F: Fact>(&self) -> Result<F> {
        F::decode(self.payload.clone()).map_err(|error| {
            Fault::new(&codes::MALFORMED, format!("the payload is not a {} message", F::TYPE)).because(error)
        })
    }
}
