//! W3C trace context: in gRPC metadata, and as one `traceparent` text for events and rows.

use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt;
use std::collections::HashMap;
use tonic::metadata::{MetadataKey, MetadataMap};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const TRACEPARENT: &str = "traceparent";

struct Out<'a>(&'a mut MetadataMap);

impl Injector for Out<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (MetadataKey::from_bytes(key.as_bytes()), value.parse()) {
            self.0.insert(key, value);
        }
    }
}

struct In<'a>(&'a http::HeaderMap);

impl Extractor for In<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

/// Writes the current span's context into outgoing metadata.
pub fn inject(metadata: &mut MetadataMap) {
    let context = Span::current().context();
    opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&context, &mut Out(metadata));
    });
}

/// Makes `span` a child of the caller's, if the headers name one.
pub fn continue_trace(span: &Span, headers: &http::HeaderMap) {
    let context = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&In(headers)));
    // Fails only where no OpenTelemetry layer is installed; then there is nothing to continue.
    let _ = span.set_parent(context);
}

fn remote(traceparent: &str) -> opentelemetry::Context {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&carrier))
}

/// The `traceparent` of a span; `None` where no OpenTelemetry layer is installed.
pub fn traceparent(span: &Span) -> Option<String> {
    let mut carrier = HashMap::new();
    let context = span.context();
    opentelemetry::global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut carrier));
    carrier.remove(TRACEPARENT)
}

/// Makes `span` a child of the span that a stored `traceparent` names. For waits under 5 s.
pub fn set_parent(span: &Span, traceparent: &str) {
    let _ = span.set_parent(remote(traceparent));
}

/// Links `span` to the span that a stored `traceparent` names. For longer waits, where a new trace begins.
pub fn link(span: &Span, traceparent: &str) {
    span.add_link(remote(traceparent).span().span_context().clone());
}

/// The trace id within a `traceparent`.
pub fn trace_id(traceparent: &str) -> Option<&str> {
    traceparent.split('-').nth(1)
}
