use crate::Shell;
use fault::{Fault, Result};
use rpc::LIVE;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;

/// Time for calls and loops to finish after a stop; then they are cut off (hyper can wait forever otherwise).
const SOFT: Duration = Duration::from_secs(10);
/// Time for the relay and the connections after that.
const LAST: Duration = Duration::from_secs(5);
/// Longest gRPC request, bytes, for services that raise their limit with `max_decoding_message_size`; a batch of 500 ingest events of 8 KiB fits.
pub const MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// Whether this process can answer. A replica that waits for its turn is alive, but not ready.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<watch::Sender<bool>>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(true)))
    }
}

impl Readiness {
    pub fn set(&self, ready: bool) {
        self.0.send_replace(ready);
    }
}

/// A service that runs.
pub struct Running {
    /// Where gRPC listens.
    pub grpc: SocketAddr,
    shell: Shell,
    server: JoinHandle<()>,
    health: tonic_health::server::HealthReporter,
    reporting: JoinHandle<()>,
}

pub(crate) async fn serve(shell: Shell, listen: SocketAddr, routes: Routes) -> Result<Running> {
    let refused = |error| Fault::unavailable("the gRPC listener", error);
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let grpc = listener.local_addr().map_err(refused)?;
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(LIVE, ServingStatus::Serving).await;
    let mut readiness = shell.readiness.0.subscribe();
    let ready = *readiness.borrow_and_update();
    report(&health, ready).await;
    let reporter = health.clone();
    let reporting = tokio::spawn(async move {
        while readiness.changed().await.is_ok() {
            let ready = *readiness.borrow_and_update();
            report(&reporter, ready).await;
        }
    });
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(rpc::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(Fault::internal)?;
    let mut server = Server::builder();
    if let Some(tls) = &shell.tls {
        server = server.tls_config(tls.server()).map_err(|error| {
            Fault::invalid(
                "HOMING_TLS_CERT",
                "certificate, key and authority must be PEM files that fit each other",
            )
            .because(error)
        })?;
    }
    let router = server
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .trace_fn(span_of)
        .layer(rpc::MeasureLayer)
        .add_routes(routes)
        .add_service(health_service)
        .add_service(reflection);
    let stop = shell.stop.clone();
    let server = tokio::spawn(async move {
        // An answer's last frame is not to wait until the caller has acknowledged the first: 40 ms.
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        if let Err(error) = router
            .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
            .await
        {
            tracing::error!("the gRPC server ended badly: {error}");
        }
    });
    tracing::info!(service = shell.service, %grpc, "ready");
    Ok(Running {
        grpc,
        shell,
        server,
        health,
        reporting,
    })
}

async fn report(health: &tonic_health::server::HealthReporter, ready: bool) {
    let status = match ready {
        true => ServingStatus::Serving,
        false => ServingStatus::NotServing,
    };
    health.set_service_status("", status).await;
}

/// One span per rpc, child of the caller's.
fn span_of(request: &http::Request<()>) -> tracing::Span {
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("grpc.health") || path.starts_with("grpc.reflection") {
        return tracing::Span::none();
    }
    let span = tracing::info_span!(
        "rpc",
        otel.name = path,
        otel.kind = "server",
        rpc.system = "grpc",
        rpc.method = path
    );
    rpc::continue_trace(&span, request.headers());
    span
}

impl Running {
    /// Stops in order: health says no, no new work, calls and loops finish, the relay publishes what they left, the
    /// connections close. Bounded: about 15 s at most.
    pub async fn stop(mut self) {
        self.reporting.abort();
        let _ = (&mut self.reporting).await;
        report(&self.health, false).await;
        self.shell.stop.cancel();
        self.drain().await;
    }

    /// Resolves when something inside asked the service to stop.
    pub async fn stopping(&self) {
        self.shell.stop.cancelled().await;
    }

    /// The connection to the bus and the rest of the shell; for tests that look inside.
    pub fn shell(&self) -> &Shell {
        &self.shell
    }

    /// Ends at once, as a crash would: nothing is finished, flushed or closed in order. For tests.
    pub fn abandon(self) {
        self.server.abort();
    }

    async fn drain(mut self) {
        self.shell.tasks.close();
        let finished = async {
            self.shell.tasks.wait().await;
            let _ = (&mut self.server).await;
        };
        if tokio::time::timeout(SOFT, finished).await.is_err() {
            tracing::warn!("some work did not finish in time and is cut off; it will be taken up again");
            self.server.abort();
        }
        self.shell.stop_relay.cancel();
        self.shell.relay.close();
        let last = async {
            self.shell.relay.wait().await;
            self.shell.bus().close().await;
            self.shell.store().close().await;
        };
        let _ = tokio::time::timeout(LAST, last).await;
    }
}
