//! What the server remembers of a workspace's facts: the stream of history, or, where there is none, the facts' own.

use std::time::Duration;

use anyhow::Result;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, RawMessageErrorKind, Stream};
use async_nats::jetstream::{self, Context, ErrorCode, message::StreamMessage};
use domain::WorkspaceId;
use events::{FACTS, HISTORY, StreamSpec, headers};
use fault::{Fault, Result as Answer};
use jiff::Timestamp;

use crate::output::say;

/// How long the copy may be behind before the export goes on without what is missing.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// On a copy: the stream that it is from, its sequence there, and more, with blanks between.
const COPIED_FROM: &str = "Nats-Stream-Source";

/// A stream to read facts of one workspace from.
pub(super) struct History {
    stream: Stream<()>,
    first: u64,
    /// The sequence that the newest message had when this was opened.
    last: u64,
}

impl History {
    /// Opens the copy as soon as it holds what the facts' stream holds of the workspace now.
    pub(super) async fn open(context: &Context, workspace: &WorkspaceId) -> Result<Self> {
        let spec = match context.get_stream(HISTORY.name).await {
            Ok(_) => HISTORY,
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    say(format!(
                        "there is no {}, which conversation-service makes: reading the facts of the last 7 days",
                        HISTORY.name
                    ));
                    FACTS
                }
                _ => return Err(away(error).into()),
            },
        };
        if spec.name == HISTORY.name {
            wait_for_copy(context, workspace).await?;
        }
        let state = context
            .get_stream(spec.name)
            .await
            .map_err(away)?
            .cached_info()
            .state
            .clone();
        Ok(Self {
            stream: context.get_stream_no_info(spec.name).await.map_err(away)?,
            first: state.first_sequence,
            last: state.last_sequence,
        })
    }

    /// The sequence to begin with for facts that happened at this moment or later: none of them was stored before it.
    pub(super) async fn since(&self, moment: Timestamp) -> Answer<u64> {
        let (mut from, mut to) = (self.first.max(1), self.last.saturating_add(1));
        while from < to {
            let middle = from + (to - from) / 2;
            match self.next(">", middle).await? {
                Some(message) if message.time.unix_timestamp_nanos() < moment.as_nanosecond() => {
                    from = message.sequence + 1;
                }
                _ => to = middle,
            }
        }
        Ok(from)
    }

    /// The next fact on these subjects, from this sequence on.
    pub(super) async fn next(&self, subjects: &str, sequence: u64) -> Answer<Option<StreamMessage>> {
        match self.stream.get_first_raw_message_by_subject(subjects, sequence).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(away(error)),
        }
    }
}

/// When a fact happened, as its envelope says: a copy bears the time of its making.
pub(super) fn happened(message: &StreamMessage) -> Option<Timestamp> {
    message.headers.get(headers::CE_TIME)?.as_str().parse().ok()
}

async fn wait_for_copy(context: &Context, workspace: &WorkspaceId) -> Answer<()> {
    let Some(newest) = last(context, &FACTS, workspace).await? else {
        return Ok(());
    };
    match tokio::time::timeout(PATIENCE, is_copied(context, workspace, newest.sequence)).await {
        Ok(copied) => copied,
        Err(_) => {
            say(format!(
                "{} is behind the facts: the newest ones are missing here",
                HISTORY.name
            ));
            Ok(())
        }
    }
}

/// Returns once the copy holds the fact of this sequence.
async fn is_copied(context: &Context, workspace: &WorkspaceId, sequence: u64) -> Answer<()> {
    loop {
        let copied = last(context, &HISTORY, workspace).await?;
        if copied.and_then(|message| copied_from(&message)) >= Some(sequence) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn last(context: &Context, spec: &StreamSpec, workspace: &WorkspaceId) -> Answer<Option<StreamMessage>> {
    let stream = context.get_stream_no_info(spec.name).await.map_err(away)?;
    match stream
        .get_last_raw_message_by_subject(&events::workspace_facts(workspace))
        .await
    {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(away(error)),
    }
}

/// The sequence that a copied message has in the stream of facts.
fn copied_from(message: &StreamMessage) -> Option<u64> {
    let header = message.headers.get(COPIED_FROM)?.as_str();
    header.split(' ').nth(1)?.parse().ok()
}

fn away(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::unavailable("JetStream", error)
}

/// JetStream over the operator's connection.
pub(super) fn jetstream(bus: &bus::Bus) -> Context {
    jetstream::new(bus.client().clone())
}
