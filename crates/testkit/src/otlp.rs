//! A collector that keeps the spans, metrics and log lines it is sent, for tests and for looking.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use crate::eventually::{TimedOut, eventually};

/// Oldest first, the rest is forgotten.
const KEEP_SPANS: usize = 100_000;
/// The same for exports of metrics and of logs, both together.
const KEEP_RECORDS: usize = 20_000;

/// A finished span.
#[derive(Clone, Debug, Serialize)]
pub struct Span {
    /// Lower-case hexadecimal, as are the next two.
    pub trace: String,
    pub span: String,
    /// Empty: a root.
    pub parent: String,
    pub service: String,
    pub name: String,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    pub kind: String,
    pub start_unix_nano: u64,
    pub end_unix_nano: u64,
    pub error: Option<String>,
    pub attributes: BTreeMap<String, String>,
    /// The traces it is linked to.
    pub links: Vec<String>,
    /// Names of its events.
    pub events: Vec<String>,
}

/// What an export holds that is not a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    Metrics,
    Logs,
}

/// What a service exported at once of its metrics, or of its logs.
#[derive(Clone, Debug)]
pub struct Record {
    pub kind: RecordKind,
    pub service: String,
    /// The metrics' names, or what the lines say.
    pub names: Vec<String>,
    /// All of it, to be searched.
    whole: String,
}

#[derive(Debug, Default)]
struct Kept {
    spans: VecDeque<Span>,
    records: VecDeque<Record>,
}

/// An OTLP collector over gRPC on 127.0.0.1. Clones are the same collector.
#[derive(Clone, Debug)]
pub struct OtlpSink {
    kept: Arc<Mutex<Kept>>,
    url: String,
    _server: Arc<crate::sink::AbortOnDrop>,
}

impl OtlpSink {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).await?)
    }

    /// Serves `listener`.
    pub fn on(listener: TcpListener) -> Result<Self> {
        let url = format!("http://{}", listener.local_addr()?);
        let kept = Arc::new(Mutex::new(Kept::default()));
        let collector = Collector(kept.clone());
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .add_service(MetricsServiceServer::new(collector.clone()))
            .add_service(LogsServiceServer::new(collector))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let server = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the trace sink ended");
            }
        });
        Ok(Self {
            kept,
            url,
            _server: Arc::new(crate::sink::AbortOnDrop(server)),
        })
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every span so far, in the order of arrival.
    pub fn spans(&self) -> Vec<Span> {
        self.lock().spans.iter().cloned().collect()
    }

    /// The spans of a trace, by start.
    pub fn trace(&self, trace: &str) -> Vec<Span> {
        let mut spans: Vec<Span> = self
            .lock()
            .spans
            .iter()
            .filter(|span| span.trace == trace)
            .cloned()
            .collect();
        spans.sort_by_key(|span| span.start_unix_nano);
        spans
    }

    /// Waits for a span that `wanted` likes.
    pub async fn span(&self, what: &str, within: Duration, wanted: impl Fn(&Span) -> bool) -> Result<Span, TimedOut> {
        eventually(what, within, async || {
            self.lock().spans.iter().find(|span| wanted(span)).cloned()
        })
        .await
    }

    /// What a service exported of this kind so far, in the order of arrival.
    pub fn records(&self, kind: RecordKind, service: &str) -> Vec<Record> {
        let kept = self.lock();
        let wanted = |one: &&Record| one.kind == kind && one.service == service;
        kept.records.iter().filter(wanted).cloned().collect()
    }

    /// True if `text` occurs anywhere in the spans, metrics and logs that were exported.
    pub fn mentions(&self, text: &str) -> bool {
        let kept = self.lock();
        kept.spans.iter().any(|span| format!("{span:?}").contains(text))
            || kept.records.iter().any(|one| one.whole.contains(text))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct Collector(Arc<Mutex<Kept>>);

impl Collector {
    fn keep_record(&self, record: Record) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.records.len() >= KEEP_RECORDS {
            kept.records.pop_front();
        }
        kept.records.push_back(record);
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in request.into_inner().resource_spans {
            let service = service_of(resource.resource);
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                if kept.spans.len() >= KEEP_SPANS {
                    kept.spans.pop_front();
                }
                kept.spans.push_back(flatten(&service, span));
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        for exported in request.into_inner().resource_metrics {
            let metrics = exported.scope_metrics.iter().flat_map(|scope| &scope.metrics);
            self.keep_record(Record {
                kind: RecordKind::Metrics,
                names: metrics.map(|metric| metric.name.clone()).collect(),
                whole: format!("{exported:?}"),
                service: service_of(exported.resource),
            });
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Collector {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        for exported in request.into_inner().resource_logs {
            let lines = exported.scope_logs.iter().flat_map(|scope| &scope.log_records);
            self.keep_record(Record {
                kind: RecordKind::Logs,
                names: lines.map(|line| text(line.body.clone())).collect(),
                whole: format!("{exported:?}"),
                service: service_of(exported.resource),
            });
        }
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

fn flatten(service: &str, span: opentelemetry_proto::tonic::trace::v1::Span) -> Span {
    use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
    let kind = match span.kind() {
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
        SpanKind::Internal | SpanKind::Unspecified => "internal",
    };
    let error = span
        .status
        .filter(|status| status.code == 2)
        .map(|status| status.message);
    Span {
        trace: hex::encode(&span.trace_id),
        span: hex::encode(&span.span_id),
        parent: hex::encode(&span.parent_span_id),
        service: service.to_owned(),
        name: span.name,
        kind: kind.to_owned(),
        start_unix_nano: span.start_time_unix_nano,
        end_unix_nano: span.end_time_unix_nano,
        error,
        attributes: attributes(span.attributes),
        links: span.links.iter().map(|link| hex::encode(&link.trace_id)).collect(),
        events: span.events.into_iter().map(|event| event.name).collect(),
    }
}

fn service_of(resource: Option<Resource>) -> String {
    let named = attributes(resource.map(|resource| resource.attributes).unwrap_or_default());
    named.get("service.name").cloned().unwrap_or_default()
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|pair| (pair.key, text(pair.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}
