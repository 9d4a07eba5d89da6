use crate::serve::{self, Readiness, Running};
use crate::{Base, SystemClock, SystemEntropy};
use bus::{Bus, BusConfig, StreamSizes};
use domain::{Clock, Entropy, TimeScale};
use fault::Result;
use rpc::{Connector, Tls};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use store::{Relay, Store, StoreConfig};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic::transport::Channel;
use tracing::Instrument;

/// What a service is given to run with. Cheap to clone.
#[derive(Clone)]
pub struct Shell {
    pub service: &'static str,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub time_scale: TimeScale,
    /// Cancelled when the service should stop taking work.
    pub stop: CancellationToken,
    /// Whether gRPC health says that calls may come; from the start, unless the service says otherwise.
    pub readiness: Readiness,
    store: Store,
    bus: Bus,
    grpc_listen: SocketAddr,
    pub(crate) tls: Option<Tls>,
    pub(crate) tasks: TaskTracker,
    /// Cancelled after the tasks have ended: the relay goes last but one.
    pub(crate) stop_relay: CancellationToken,
    pub(crate) relay: TaskTracker,
}

impl Shell {
    /// Connects store and bus with the machine's clock and randomness.
    pub(crate) async fn connect(service: &'static str, base: &Base) -> Result<Self> {
        let shell = Self::build(service, base, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
        Ok(shell)
    }

    /// A shell for tests: any port, small streams, given clock and chance, real PostgreSQL and NATS. Without credentials in
    /// `nats_url` it logs in to NATS as the service does, with its rights, as testkit's servers let it.
    pub async fn for_test(
        service: &'static str,
        database_url: &str,
        nats_url: &str,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        let own = match nats_url.contains('@') {
            true => nats_url.to_owned(),
            false => nats_url.replacen("nats://", &format!("nats://{service}:{service}@"), 1),
        };
        let lookup = |name: &str| match name {
            "HOMING_DATABASE_URL" => Some(database_url.to_owned()),
            "HOMING_NATS_URL" => Some(own.clone()),
            "HOMING_DATABASE_CONNECTIONS" => Some("8".to_owned()),
            "HOMING_FACTS_MAX_BYTES" => Some(StreamSizes::SMALL.facts.to_string()),
            "HOMING_HISTORY_MAX_BYTES" => Some(StreamSizes::SMALL.history.to_string()),
            "HOMING_INGEST_MAX_BYTES" => Some(StreamSizes::SMALL.ingest.to_string()),
            "HOMING_DEAD_MAX_BYTES" => Some(StreamSizes::SMALL.dead.to_string()),
            _ => None,
        };
        let base = <Base as crate::Settings>::read(&lookup).map_err(fault::Fault::internal)?;
        // Many shells share a test process; whoever comes first installs the provider.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self::build(service, &base, clock, entropy).await
    }

    async fn build(
        service: &'static str,
        base: &Base,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        let config = StoreConfig {
            service,
            url: base.database_url.expose().to_owned(),
            max_connections: base.database_connections,
        };
        let store = Store::connect(&config, clock.clone(), entropy.clone())?;
        let config = BusConfig {
            url: base.nats_url.expose().to_owned(),
            name: format!("{service}-service"),
        };
        let bus = Bus::connect(&config).await?;
        let bus = bus.with_sizes(base.stream_sizes()).with_clock(clock.clone());
        let (relay, stop_relay) = (TaskTracker::new(), CancellationToken::new());
        relay.spawn(Relay::new(store.clone(), bus.clone()).run(stop_relay.clone()));
        Ok(Self {
            service,
            clock,
            entropy,
            time_scale: base.time_scale,
            stop: CancellationToken::new(),
            readiness: Readiness::default(),
            store,
            bus,
            grpc_listen: base.grpc_listen,
            tls: Tls::read(&base.tls_cert, &base.tls_key, &base.tls_ca)?,
            tasks: TaskTracker::new(),
            stop_relay,
            relay,
        })
    }

    /// The same shell with the product's durations divided; for tests.
    #[must_use]
    pub fn with_time_scale(self, time_scale: TimeScale) -> Self {
        Self { time_scale, ..self }
    }

    /// The same shell with certificates; for tests.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// A channel to another service, with this one's certificate if it has one.
    pub fn channel(&self, url: &str) -> Result<Channel> {
        Connector::new(self.tls.clone()).connect(url)
    }

    pub fn store(&self) -> Store {
        self.store.clone()
    }

    pub fn bus(&self) -> Bus {
        self.bus.clone()
    }

    /// Runs a loop of the service until it ends by itself after `stop`; the drain waits for it. A loop that panics
    /// stops the service: half a service is worse than none.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        let guarded = tokio::spawn(work.instrument(tracing::info_span!("loop", name)));
        self.tasks.spawn(async move {
            if let Err(panic) = guarded.await {
                tracing::error!(name, "a loop of the service ended badly, stopping: {panic}");
                stop.cancel();
            }
        });
    }

    /// Binds the gRPC listener and serves `routes` with health, reflection and traces until stopped.
    pub async fn serve(self, routes: Routes) -> Result<Running> {
        serve::serve(self.clone(), self.grpc_listen, routes).await
    }
}
