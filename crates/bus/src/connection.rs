use async_nats::header::{HeaderMap, NATS_MESSAGE_ID};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, stream};
use events::{Outgoing, Retention, StreamSpec};
use fault::{Fault, Result};
use futures::future::join_all;
use std::time::Duration;

/// A server that says nothing for two pings is gone (a client can otherwise stay stuck for minutes).
const PING: Duration = Duration::from_secs(10);
/// How long a publish may wait for its acknowledgement.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);
/// The server's own memory of message ids; the inboxes remember longer.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// How to reach NATS.
#[derive(Debug, Clone)]
pub struct BusConfig {
    /// `nats://[user:password@]host:port`
    pub url: String,
    /// Name of the connection as the server's monitoring shows it.
    pub name: String,
}

/// A connection to NATS. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    client: async_nats::Client,
    jetstream: jetstream::Context,
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
        // The client itself ignores the credentials in a URL.
        if let (Some(user), Some(password)) = (address.username(), address.password()) {
            options = options.user_and_password(user.to_owned(), password.to_owned());
        }
        let client = options
            .name(&config.name)
            .ping_interval(PING)
            .retry_on_initial_connect()
            .connect(address)
            .await
            .map_err(|error| Fault::unavailable("NATS", error))?;
        let jetstream = jetstream::context::ContextBuilder::new()
            .ack_timeout(ACK_TIMEOUT)
            .build(client.clone());
        Ok(Self { client, jetstream })
    }

    /// Core NATS, for signals and requests.
    pub fn client(&self) -> &async_nats::Client {
        &self.client
    }

    pub(crate) fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    /// Creates the stream, or brings its limits up to what the catalogue says.
    pub async fn ensure_stream(&self, spec: &StreamSpec) -> Result<()> {
        let config = stream::Config {
            name: spec.name.into(),
            subjects: spec.subjects.iter().map(|subject| (*subject).into()).collect(),
            retention: match spec.retention {
                Retention::Age => stream::RetentionPolicy::Limits,
                Retention::WorkQueue => stream::RetentionPolicy::WorkQueue,
            },
            discard: stream::DiscardPolicy::New,
            storage: stream::StorageType::File,
            max_age: spec.max_age,
            max_bytes: spec.max_bytes,
            max_message_size: spec.max_message_bytes,
            duplicate_window: DUPLICATE_WINDOW,
            ..Default::default()
        };
        self.jetstream
            .create_or_update_stream(config)
            .await
            .map_err(|error| Fault::unavailable(spec.name, error))?;
        Ok(())
    }

    /// Publishes all at once and answers in order: the stream's sequence, or why it is not stored. A message that
    /// failed may still have been stored; its id makes repeating harmless.
    pub async fn publish(&self, batch: &[Outgoing]) -> Vec<Result<u64>> {
        let mut acks = Vec::with_capacity(batch.len());
        for outgoing in batch {
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

    /// Sends what is buffered, then closes.
    pub async fn close(&self) {
        if let Err(error) = self.client.drain().await {
            tracing::debug!("the connection was closed already: {error}");
        }
    }
}
