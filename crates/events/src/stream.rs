use crate::subject::{DEAD_SUBJECTS, FACT_SUBJECTS};
use std::time::Duration;

/// How a stream keeps messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Until they are too old.
    Age,
    /// Until one consumer has acknowledged them.
    WorkQueue,
}

/// A JetStream stream: file storage. When it is full it refuses new messages (the outbox keeps them), or, if it is a copy of
/// another one, the oldest leave.
#[derive(Debug, Clone, Copy)]
pub struct StreamSpec {
    pub name: &'static str,
    pub subjects: &'static [&'static str],
    /// Filled by the server itself, compressed, with what this other stream takes in.
    pub copy_of: Option<&'static str>,
    /// Another stream is a copy of it. The server copies by the sequence, so where this one is made anew its sequences have to begin
    /// beyond those of the one before.
    pub is_copied: bool,
    pub retention: Retention,
    pub max_age: Duration,
    /// Size where nobody sets another. When it is full, what is published waits in the outboxes until old messages
    /// leave.
    pub max_bytes: i64,
    /// Longest message.
    pub max_message_bytes: i32,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Everything that happened. Inbox rows outlive it.
pub const FACTS: StreamSpec = StreamSpec {
    name: "HOMING_FACTS",
    subjects: &[FACT_SUBJECTS],
    copy_of: None,
    is_copied: true,
    retention: Retention::Age,
    max_age: DAY.saturating_mul(7),
    max_bytes: 2 * 1024 * 1024 * 1024,
    max_message_bytes: 16 * 1024,
};

/// What recordings are exported from: facts of more than a year. Consumers read [`FACTS`], which may never drop what they have not
/// read; here the oldest may go.
pub const HISTORY: StreamSpec = StreamSpec {
    name: "HOMING_HISTORY",
    subjects: &[],
    copy_of: Some(FACTS.name),
    is_copied: false,
    max_age: DAY.saturating_mul(400),
    // A copy says in a header what it is of.
    max_message_bytes: FACTS.max_message_bytes + 1024,
    ..FACTS
};

/// What other systems publish. Only the kinds that somebody handles are listed: a publisher of another kind gets
/// 'no responders' at once instead of silence.
pub const INGEST: StreamSpec = StreamSpec {
    name: "HOMING_INGEST",
    subjects: &[
        "homing.v1.ingest.*.*.message",
        "homing.v1.ingest.*.*.message_read",
        "homing.v1.ingest.*.*.conversation_resolved",
        "homing.v1.ingest.*.*.call_ended",
        "homing.v1.ingest.*.*.card_outcome",
    ],
    copy_of: None,
    is_copied: false,
    retention: Retention::WorkQueue,
    max_age: DAY.saturating_mul(7),
    max_bytes: 512 * 1024 * 1024,
    // One byte more than is accepted, and room for headers: what is too large gets a readable dead letter.
    max_message_bytes: 256 * 1024,
};

/// What shops publish about orders; contacts-service reads it. A stream of its own: a work queue lets no two consumers share a
/// subject, and conversation-service takes all of the other one.
pub const ORDERS: StreamSpec = StreamSpec {
    name: "HOMING_ORDERS",
    subjects: &[
        "homing.v1.ingest.*.*.order_placed",
        "homing.v1.ingest.*.*.order_updated",
    ],
    max_bytes: 64 * 1024 * 1024,
    ..INGEST
};

/// Where nats-server tells that it gave up a message, which a consumer neither acknowledged nor refused in all its
/// deliveries. Ends with the names of the stream and the consumer.
pub const GIVEN_UP_SUBJECTS: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>";

/// What could not be handled, and the server's own advisories about it. Two weeks to look.
pub const DEAD: StreamSpec = StreamSpec {
    name: "HOMING_DEAD",
    subjects: &[
        DEAD_SUBJECTS,
        GIVEN_UP_SUBJECTS,
        "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
    ],
    copy_of: None,
    is_copied: false,
    retention: Retention::Age,
    max_age: DAY.saturating_mul(14),
    max_bytes: 256 * 1024 * 1024,
    max_message_bytes: 512 * 1024,
};
