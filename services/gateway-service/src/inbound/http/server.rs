//! Connections of the public door. Who dawdles over a request is cut off: a connection costs memory and a file handle,
//! and there are only so many.

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::future::pending;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service;

/// Requests that are still running get so long when the process stops; hyper can wait forever otherwise.
const REQUESTS_END_WITHIN: Duration = Duration::from_secs(8);
/// Out of file handles, most likely: some will be given back.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Serves `app` until `stop`, then lets running requests end. `head_within`: a request's head has to be complete so long
/// after its connection was opened, or after the request before it.
pub async fn serve(listener: TcpListener, app: Router, head_within: Duration, stop: CancellationToken) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within);
    // Sockets over HTTP/2 begin with CONNECT.
    builder.http2().timer(TokioTimer::new()).enable_connect_protocol();
    let connections = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        tokio::spawn(connection(stream, app.clone(), &builder, head_within, &connections));
    }
    drop(listener);
    if tokio::time::timeout(REQUESTS_END_WITHIN, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time and are cut off");
    }
}

/// One connection, until it ends or is too late.
fn connection(
    stream: TcpStream,
    app: Router,
    builder: &Builder<TokioExecutor>,
    head_within: Duration,
    connections: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    // Frames are small and somebody waits for each: none waits for the next one to fill a packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("a connection stays without TCP_NODELAY: {error}");
    }
    let peer = stream.peer_addr();
    let begun = CancellationToken::new();
    let first = begun.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        first.cancel();
        let mut app = app.clone();
        if let Ok(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        app.call(request)
    });
    let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let served = connections.watch(served.into_owned());
    async move {
        tokio::select! {
            ended = served => if let Err(error) = ended {
                tracing::debug!("a connection broke off: {error}");
            },
            () = too_late(begun, head_within) => tracing::debug!("a connection sent no request in time"),
        }
    }
}

/// Resolves unless the first request arrives in time: hyper's own timeout begins only after it has found out which HTTP
/// is spoken.
async fn too_late(begun: CancellationToken, head_within: Duration) {
    if tokio::time::timeout(head_within, begun.cancelled()).await.is_ok() {
        pending::<()>().await;
    }
}
