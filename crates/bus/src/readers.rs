//! Consumers of facts that others read: made, kept and removed here, never read.

use crate::Bus;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use domain::Timestamp;
use events::{FACTS, FactsReader};
use fault::{Fault, Result};
use std::error::Error;
use std::time::Duration;

/// What is not acknowledged for so long comes again.
const ACK_WAIT: Duration = Duration::from_secs(60);
/// Facts that a reader may hold at once without having acknowledged them.
const MAX_UNACKNOWLEDGED: i64 = 1_000;
/// Requests for more that may wait at once.
const MAX_WAITING: i64 = 64;
/// The most that one request may ask for.
const MAX_BATCH: i64 = 500;

impl Bus {
    /// Makes the reader's consumer where it is missing, and brings its limits up to what they should be. It begins with the
    /// facts of `since`; one that begins elsewhere was made for an earlier time, and goes.
    pub async fn ensure_reader(&self, reader: &FactsReader, since: Timestamp) -> Result<()> {
        self.ensure_stream(&FACTS).await?;
        let start_time = async_nats::datetime::from_nanos(since.as_nanosecond()).map_err(Fault::internal)?;
        let deliver_policy = DeliverPolicy::ByStartTime { start_time };
        let stream = self.jetstream().get_stream_no_info(FACTS.name).await.map_err(away)?;
        match stream.consumer_info(&reader.consumer).await {
            Ok(present) if present.config.deliver_policy != deliver_policy => self.remove_reader(reader).await?,
            Ok(_) => {}
            Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => {}
            Err(error) => return Err(away(error)),
        }
        let config = pull::Config {
            durable_name: Some(reader.consumer.clone()),
            filter_subject: reader.filter.clone(),
            deliver_policy,
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_ack_pending: MAX_UNACKNOWLEDGED,
            max_waiting: MAX_WAITING,
            max_batch: MAX_BATCH,
            ..Default::default()
        };
        let made = self.jetstream().create_consumer_on_stream(config, FACTS.name).await;
        made.map(|_| ()).map_err(away)
    }

    /// Removes the reader's consumer, if there is one.
    pub async fn remove_reader(&self, reader: &FactsReader) -> Result<()> {
        let stream = self.jetstream().get_stream_no_info(FACTS.name).await.map_err(away)?;
        match stream.delete_consumer(&reader.consumer).await {
            Ok(_) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(away(error)),
        }
    }
}

/// Neither the consumer nor, perhaps, its stream is there.
fn is_missing(error: &ConsumerError) -> bool {
    let missing = [ErrorCode::CONSUMER_NOT_FOUND, ErrorCode::STREAM_NOT_FOUND];
    matches!(error.kind(), ConsumerErrorKind::JetStream(told) if missing.contains(&told.error_code()))
}

fn away(error: impl Error + Send + Sync + 'static) -> Fault {
    Fault::unavailable("JetStream", error)
}
