//! Names of NATS headers.

/// JetStream's own de-duplication id; ours is the event id.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";
/// W3C trace context.
pub const TRACEPARENT: &str = "traceparent";
/// CloudEvents attributes of protobuf payloads.
pub const CE_ID: &str = "ce-id";
pub const CE_TYPE: &str = "ce-type";
pub const CE_SOURCE: &str = "ce-source";
pub const CE_TIME: &str = "ce-time";
pub const CE_SUBJECT: &str = "ce-subject";
pub const CE_SPECVERSION: &str = "ce-specversion";
pub const CONTENT_TYPE: &str = "Content-Type";
/// Values of [`CONTENT_TYPE`].
pub const PROTOBUF: &str = "application/protobuf";
pub const CLOUDEVENTS_JSON: &str = "application/cloudevents+json";
/// On dead letters: where the message came from, why it could not be handled, its catalogue code, and how often it
/// was tried.
pub const DEAD_SUBJECT: &str = "homing-dead-subject";
pub const DEAD_REASON: &str = "homing-dead-reason";
pub const DEAD_CODE: &str = "homing-dead-code";
pub const DEAD_DELIVERIES: &str = "homing-dead-deliveries";
pub const DEAD_CONSUMER: &str = "homing-dead-consumer";
pub const DEAD_STREAM: &str = "homing-dead-stream";
