use crate::Bus;
use async_nats::jetstream::context::{Context, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{ErrorCode, message::StreamMessage};
use events::{FACTS, StreamSpec};
use fault::{Fault, Result};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// On a copied message: the stream that it is from, its sequence there, the source's filter, and more, with blanks between.
const COPIED_FROM: &str = "Nats-Stream-Source";

/// Every subject; what a source without a filter has for one.
const ALL: &str = ">";

/// Makes a stream that is a copy of another one, makes it again where it was lost, and keeps its limits, until stopped; `every` so
/// often. Nothing else waits for it: a server that has no room for it is asked again, and the log says what it answered.
pub async fn keep_copy(bus: Bus, spec: StreamSpec, every: Duration, stop: CancellationToken) {
    loop {
        if let Err(fault) = look_after(&bus, &spec).await {
            let code = fault.code().name;
            tracing::error!(code, "{} is not kept, asked again soon: {}", spec.name, fault.chain());
        }
        tokio::select! { () = tokio::time::sleep(every) => {}, () = stop.cancelled() => return }
    }
}

/// The sequence that a copied message had in the stream that it is from.
pub fn copied_from(message: &StreamMessage) -> Option<u64> {
    source(message)?.0.parse().ok()
}

/// The sequence, and the filter under which it was copied.
fn source(message: &StreamMessage) -> Option<(&str, &str)> {
    let mut words = message.headers.get(COPIED_FROM)?.as_str().split(' ').skip(1);
    Some((words.next()?, words.next()?))
}

async fn look_after(bus: &Bus, spec: &StreamSpec) -> Result<()> {
    let jetstream = bus.jetstream();
    let mut config = bus.config_of(spec);
    let Some(copy) = find(jetstream, spec.name).await? else {
        jetstream.create_stream(config).await.map_err(away)?;
        return Ok(());
    };
    let standing = &copy.cached_info().config;
    config.sources.clone_from(&standing.sources);
    if is_of_another(jetstream, spec, &copy).await? {
        tracing::warn!("{} goes on with a stream that was made anew", spec.name);
        begin_again(&mut config);
    }
    let is_kept = (config.max_age, config.max_bytes, &config.sources)
        == (standing.max_age, standing.max_bytes, &standing.sources);
    if !is_kept {
        jetstream.update_stream(config).await.map_err(away)?;
    }
    Ok(())
}

/// Whether the newest sequence that the present source copied lies beyond all that the copied stream has: that one was lost and made
/// anew, and the server would wait until it gets that far.
async fn is_of_another(jetstream: &Context, spec: &StreamSpec, copy: &Stream) -> Result<bool> {
    let Some(origin) = find(jetstream, spec.copy_of.unwrap_or_default()).await? else {
        return Ok(false);
    };
    match copy.get_last_raw_message_by_subject(ALL).await {
        Ok(newest) => {
            let sources = copy.cached_info().config.sources.as_deref().unwrap_or_default();
            let filter = sources.first().and_then(|source| source.filter_subject.as_deref());
            let is_of_present = source(&newest).is_some_and(|(_, of)| of == filter.unwrap_or(ALL));
            Ok(is_of_present && copied_from(&newest) > Some(origin.cached_info().state.last_sequence))
        }
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(false),
        Err(error) => Err(away(error)),
    }
}

/// The server remembers how far it copied by the name of a source and its filter: under another filter that lets the same pass, it
/// begins at the beginning.
fn begin_again(config: &mut Config) {
    for source in config.sources.iter_mut().flatten() {
        source.filter_subject = match source.filter_subject {
            Some(_) => None,
            None => FACTS.subjects.first().map(|subject| (*subject).to_owned()),
        };
    }
}

async fn find(jetstream: &Context, name: &str) -> Result<Option<Stream>> {
    match jetstream.get_stream(name).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(missing) if missing.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
            _ => Err(away(error)),
        },
    }
}

fn away(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::unavailable("JetStream", error)
}
