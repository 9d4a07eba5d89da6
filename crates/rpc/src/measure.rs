//! Counts and times calls, on both sides, by rpc and code.

use http_body::{Body, Frame, SizeHint};
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Instant;
use tonic::Code;
use tower::{Layer, Service};

/// Every rpc there is, as `/homing.presence.v1.PresenceService/GetPresence`: what callers make up is no label.
static RPCS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let set: prost_types::FileDescriptorSet =
        prost::Message::decode(crate::FILE_DESCRIPTOR_SET).expect("it was written at build time");
    let services = set
        .file
        .iter()
        .flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    services
        .flat_map(|(package, service)| {
            let rpcs = service.method.iter();
            rpcs.map(move |rpc| format!("/{package}.{}/{}", service.name(), rpc.name()))
        })
        .collect()
});

/// `presence.GetPresence` of a path; `other` for what is none of ours.
fn served_rpc(path: &str) -> Option<String> {
    if path.starts_with("/grpc.") {
        return None;
    }
    let known = RPCS.get(path).and_then(|path| {
        let (service, rpc) = path.rsplit_once('/')?;
        Some(format!("{}.{rpc}", service.split('.').nth(1)?))
    });
    Some(known.unwrap_or_else(|| "other".to_owned()))
}

/// `presence.GetPresence` of its request.
pub(crate) fn called_rpc<Q: prost::Name>() -> String {
    let package = Q::PACKAGE.split('.').nth(1).unwrap_or_default();
    format!("{package}.{}", Q::NAME.trim_end_matches("Request"))
}

/// The name of a gRPC code.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Measures every call that a server answers; health and reflection aside.
#[derive(Debug, Clone, Copy, Default)]
pub struct MeasureLayer;

impl<S> Layer<S> for MeasureLayer {
    type Service = Measure<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Measure { inner }
    }
}

/// See [`MeasureLayer`].
#[derive(Debug, Clone)]
pub struct Measure<S> {
    inner: S,
}

impl<S, Q, B> Service<http::Request<Q>> for Measure<S>
where
    S: Service<http::Request<Q>, Response = http::Response<B>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Measured<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Q>) -> Self::Future {
        let mut call = Call {
            rpc: served_rpc(request.uri().path()),
            // Whoever goes away before the answer ends the call.
            code: Code::Cancelled,
            began: Instant::now(),
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            call.read(answer.headers());
            Ok(answer.map(|inner| Measured { inner, call }))
        })
    }
}

/// A call that is recorded when it ends, however it ends.
struct Call {
    rpc: Option<String>,
    code: Code,
    began: Instant,
}

impl Call {
    /// The status stands in the trailers, or in the headers where there is no body.
    fn read(&mut self, headers: &http::HeaderMap) {
        if let Some(status) = headers.get("grpc-status") {
            self.code = Code::from_bytes(status.as_bytes());
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(rpc) = self.rpc.take() {
            metrics::rpc_served(rpc, code_name(self.code), self.began.elapsed());
        }
    }
}

/// The body of an answer, up to its trailers.
pub struct Measured<B> {
    inner: B,
    call: Call,
}

impl<B: Body + Unpin> Body for Measured<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            self.call.read(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_name_an_rpc_alike_and_strangers_make_no_labels() {
        let path = "/homing.presence.v1.PresenceService/GetPresence";
        assert_eq!(served_rpc(path).as_deref(), Some("presence.GetPresence"));
        assert_eq!(
            called_rpc::<crate::presence::GetPresenceRequest>(),
            "presence.GetPresence"
        );
        assert_eq!(
            served_rpc("/homing.presence.v1.PresenceService/Guess").as_deref(),
            Some("other")
        );
        assert_eq!(served_rpc("/grpc.health.v1.Health/Check"), None);
        assert!(RPCS.len() > 30, "{}", RPCS.len());
    }
}
