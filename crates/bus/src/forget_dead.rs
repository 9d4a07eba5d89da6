use crate::Bus;
use async_nats::jetstream::stream::RawMessageErrorKind;
use domain::WorkspaceId;
use events::{DEAD, headers};
use fault::{Fault, Result};

/// How far dead letters were looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// Sequence in the dead-letter stream; those after it were not looked at.
    pub up_to: u64,
    pub forgotten: u64,
    /// There were no more.
    pub all: bool,
}

/// Looks at dead letters of a workspace after a sequence, at most so many, and deletes those that `is_meant` says, which is told
/// what an ingested event is about (its `subject`; empty: nothing) and its payload. Who crashes half-way looks again.
pub async fn forget_dead(
    bus: &Bus,
    workspace: &WorkspaceId,
    (after, most): (u64, usize),
    is_meant: impl Fn(&str, &[u8]) -> bool,
) -> Result<Looked> {
    let away = |error: Box<dyn std::error::Error + Send + Sync>| Fault::unavailable("JetStream", error);
    let stream = bus.jetstream().get_stream_no_info(DEAD.name).await;
    let stream = stream.map_err(|error| away(error.into()))?;
    let subject = events::dead_letter(Some(workspace), "*");
    let mut looked = Looked {
        up_to: after,
        forgotten: 0,
        all: false,
    };
    for _ in 0..most {
        let found = stream
            .get_first_raw_message_by_subject(&subject, looked.up_to + 1)
            .await;
        let letter = match found {
            Ok(letter) => letter,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {
                looked.all = true;
                return Ok(looked);
            }
            Err(error) => return Err(away(error.into())),
        };
        let header = letter
            .headers
            .get(headers::CE_SUBJECT)
            .map(|value| value.as_str().to_owned());
        let about = header.unwrap_or_else(|| named_in(&letter.payload));
        if is_meant(&about, &letter.payload) {
            let deleted = stream.delete_message(letter.sequence).await;
            deleted.map_err(|error| away(error.into()))?;
            looked.forgotten += 1;
        }
        looked.up_to = letter.sequence;
    }
    Ok(looked)
}

/// What a structured CloudEvent is about.
fn named_in(payload: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Named {
        subject: String,
    }
    serde_json::from_slice::<Named>(payload)
        .map(|named| named.subject)
        .unwrap_or_default()
}
