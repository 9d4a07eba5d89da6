use async_nats::header::{HeaderMap, NATS_MESSAGE_ID};
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, ErrorCode, stream};
use domain::Clock;
use events::{DEAD, FACTS, HISTORY, INGEST, Login, Outgoing, Retention, StreamSpec};
use fault::{Fault, Result};
use futures::future::join_all;
use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

/// A server that says nothing for two pings is gone (a client can otherwise stay stuck for minutes).
const PING: Duration = Duration::from_secs(10);
/// How long a publish may wait for its acknowledgement.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);
/// Messages that wait for their acknowledgements at once.
const WINDOW: usize = 1_000;
/// The server's own memory of message ids; the inboxes remember longer.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// How to reach NATS.
#[derive(Debug, Clone)]
pub struct BusConfig {
    /// `nats://[user:password@]host:port`; the user's rights are declared in [`events::login`].
    pub url: String,
    /// Name of the connection as the server's monitoring shows it.
    pub name: String,
}

/// How large the streams may become, in bytes. Their keeper's sizes hold; others make a missing stream with theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSizes {
    pub facts: i64,
    pub history: i64,
    pub ingest: i64,
    pub dead: i64,
}

/// What the catalogue says.
impl Default for StreamSizes {
    fn default() -> Self {
        Self {
            facts: FACTS.max_bytes,
            history: HISTORY.max_bytes,
            ingest: INGEST.max_bytes,
            dead: DEAD.max_bytes,
        }
    }
}

impl StreamSizes {
    /// For servers of tests and of one developer: nats-server takes three quarters of the free disk, and refuses streams
    /// that would not fit.
    pub const SMALL: Self = Self {
        facts: 256 << 20,
        history: 256 << 20,
        ingest: 64 << 20,
        dead: 64 << 20,
    };

    fn of(&self, spec: &StreamSpec) -> i64 {
        match spec.name {
            name if name == FACTS.name => self.facts,
            name if name == HISTORY.name => self.history,
            name if name == INGEST.name => self.ingest,
            name if name == DEAD.name => self.dead,
            _ => spec.max_bytes,
        }
    }
}

/// A connection to NATS. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    client: async_nats::Client,
    jetstream: jetstream::Context,
    /// Who we are, where the catalogue knows the user of the URL.
    login: Option<&'static Login>,
    sizes: StreamSizes,
    time: Option<Time>,
}

/// What the time is.
#[derive(Clone)]
struct Time(Arc<dyn Clock>);

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Time")
    }
}

/// What the stream says about an acknowledged message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It bears this message id.
    Holds(String),
    /// There is no message of that sequence: expired, or lost.
    Absent,
}

impl Bus {
    /// Connects, waiting for the server if it is not there yet; reconnects by itself after losses.
    pub async fn connect(config: &BusConfig) -> Result<Self> {
        let address: async_nats::ServerAddr = config
            .url
            .parse()
            .map_err(|_| Fault::invalid("nats_url", "needs the form nats://[user:password@]host:port"))?;
        let mut options = async_nats::ConnectOptions::new();
        let mut login = None;
        // The client itself ignores the credentials in a URL.
        if let (Some(user), Some(password)) = (address.username(), address.password()) {
            options = options
                .user_and_password(user.to_owned(), password.to_owned())
                .custom_inbox_prefix(events::login::inbox(user));
            login = Login::find(user);
        }
        let client = options
            .name(&config.name)
            .ping_interval(PING)
            .retry_on_initial_connect()
            .event_callback(note)
            .connect(address)
            .await
            .map_err(|error| Fault::unavailable("NATS", error))?;
        let jetstream = jetstream::context::ContextBuilder::new()
            .ack_timeout(ACK_TIMEOUT)
            .build(client.clone());
        Ok(Self {
            client,
            jetstream,
            login,
            sizes: StreamSizes::default(),
            time: None,
        })
    }

    /// The same connection with other sizes for the streams that it makes or keeps.
    #[must_use]
    pub fn with_sizes(self, sizes: StreamSizes) -> Self {
        Self { sizes, ..self }
    }

    /// The same connection with a clock: a copied stream that it makes begins beyond all that one made earlier ever had.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self {
            time: Some(Time(clock)),
            ..self
        }
    }

    /// Core NATS, for signals and requests.
    pub fn client(&self) -> &async_nats::Client {
        &self.client
    }

    pub(crate) fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    /// Creates the stream where it is missing. Its keeper also brings its limits up to what the catalogue and the sizes
    /// say; the other services may not change a stream.
    pub async fn ensure_stream(&self, spec: &StreamSpec) -> Result<()> {
        let away = |error: Box<dyn std::error::Error + Send + Sync>| Fault::unavailable(spec.name, error);
        let keeps = self.login.is_none_or(|login| login.keeps(spec));
        let missing = match self.jetstream.get_stream(spec.name).await {
            Ok(_) if keeps => {
                let kept = self.jetstream.update_stream(self.config_of(spec)).await;
                return kept.map(|_| ()).map_err(|error| away(error.into()));
            }
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        match missing.kind() {
            GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {}
            _ => return Err(away(missing.into())),
        }
        let config = stream::Config {
            first_sequence: self.time.as_ref().filter(|_| spec.is_copied).and_then(microseconds),
            ..self.config_of(spec)
        };
        match self.jetstream.create_stream(config).await {
            Ok(_) => Ok(()),
            // Somebody else was faster, perhaps with the limits of another version.
            Err(error) => match error.kind() {
                CreateStreamErrorKind::JetStream(raced) if raced.error_code() == ErrorCode::STREAM_NAME_EXIST => Ok(()),
                _ => Err(away(error.into())),
            },
        }
    }

    /// Publishes and answers in order: the stream's sequence, or why it is not stored. A message that failed may still
    /// have been stored; its id makes repeating harmless.
    pub async fn publish<M: Borrow<Outgoing>>(&self, batch: &[M]) -> Vec<Result<u64>> {
        let mut results = Vec::with_capacity(batch.len());
        for window in batch.chunks(WINDOW) {
            let acked = self.publish_at_once(window).await;
            let is_away = acked.iter().all(Result::is_err);
            results.extend(acked);
            if is_away {
                // Each further window would wait its whole time again.
                break;
            }
        }
        results.resize_with(batch.len(), || {
            Err(Fault::unavailable("JetStream", "it acknowledged none of those before"))
        });
        let failed = results.iter().filter(|result| result.is_err()).count();
        if failed > 0 {
            metrics::publish_failed(failed as u64);
        }
        results
    }

    async fn publish_at_once<M: Borrow<Outgoing>>(&self, window: &[M]) -> Vec<Result<u64>> {
        let mut acks = Vec::with_capacity(window.len());
        for outgoing in window {
            let outgoing: &Outgoing = outgoing.borrow();
            let mut headers = HeaderMap::new();
            for (name, value) in &outgoing.headers {
                headers.insert(name.as_str(), value.as_str());
            }
            let message = PublishMessage::build()
                .headers(headers)
                .payload(bytes::Bytes::copy_from_slice(&outgoing.payload));
            acks.push(self.jetstream.send_publish(outgoing.subject.clone(), message).await);
        }
        join_all(acks.into_iter().map(|sent| async move {
            let ack = sent.map_err(|error| Fault::unavailable("JetStream", error))?;
            let ack = ack.await.map_err(|error| Fault::unavailable("JetStream", error))?;
            Ok(ack.sequence)
        }))
        .await
    }

    /// When the stream was created: another time means another stream, whatever its name.
    pub async fn stream_created(&self, spec: &StreamSpec) -> Result<String> {
        let stream = self
            .jetstream
            .get_stream(spec.name)
            .await
            .map_err(|e| Fault::unavailable(spec.name, e))?;
        Ok(stream.cached_info().created.to_string())
    }

    /// Which message id a sequence bears now.
    pub async fn proof(&self, spec: &StreamSpec, sequence: u64) -> Result<Proof> {
        let stream = self
            .jetstream
            .get_stream_no_info(spec.name)
            .await
            .map_err(|e| Fault::unavailable(spec.name, e))?;
        match stream.get_raw_message(sequence).await {
            Ok(message) => {
                let id = message
                    .headers
                    .get(NATS_MESSAGE_ID)
                    .map(|value| value.as_str().to_owned());
                Ok(Proof::Holds(id.unwrap_or_default()))
            }
            Err(error) if error.kind() == stream::RawMessageErrorKind::NoMessageFound => Ok(Proof::Absent),
            Err(error) => Err(Fault::unavailable(spec.name, error)),
        }
    }

    fn config_of(&self, spec: &StreamSpec) -> stream::Config {
        stream::Config {
            name: spec.name.into(),
            subjects: spec.subjects.iter().map(|subject| (*subject).into()).collect(),
            retention: match spec.retention {
                Retention::Age => stream::RetentionPolicy::Limits,
                Retention::WorkQueue => stream::RetentionPolicy::WorkQueue,
            },
            discard: match spec.copy_of {
                Some(_) => stream::DiscardPolicy::Old,
                None => stream::DiscardPolicy::New,
            },
            sources: spec.copy_of.map(|name| vec![source(name)]),
            compression: spec.copy_of.map(|_| stream::Compression::S2),
            storage: stream::StorageType::File,
            max_age: spec.max_age,
            max_bytes: self.sizes.of(spec),
            max_message_size: spec.max_message_bytes,
            duplicate_window: DUPLICATE_WINDOW,
            ..Default::default()
        }
    }

    /// Sends what is buffered, then closes.
    pub async fn close(&self) {
        if let Err(error) = self.client.drain().await {
            tracing::debug!("the connection was closed already: {error}");
        }
    }
}

/// Since 1970. No stream takes a message in each of them.
fn microseconds(time: &Time) -> Option<u64> {
    u64::try_from(time.0.now().as_microsecond()).ok()
}

fn source(name: &str) -> stream::Source {
    stream::Source {
        name: name.to_owned(),
        ..Default::default()
    }
}

/// The server tells of a refused subject by the way, not in answer to the call, which only times out.
async fn note(event: async_nats::Event) {
    match event {
        async_nats::Event::ServerError(error) => tracing::error!("NATS refuses: {error}"),
        other => tracing::info!("NATS: {other}"),
    }
}
