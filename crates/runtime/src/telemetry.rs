//! Traces, metrics and logs over OTLP; logs also on stderr. Without an endpoint, trace context still travels.

use crate::Base;
use opentelemetry::trace::TracerProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::time::Duration;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// What has to be flushed at the end.
pub(crate) struct Telemetry {
    traces: SdkTracerProvider,
    metrics: Option<SdkMeterProvider>,
    logs: Option<SdkLoggerProvider>,
}

/// The exporter's own crates would feed themselves; the phone parser would write down numbers, SMPP's texts and passwords.
const OWN: &str = "h2=off,hyper=off,tonic=off,tower=off,reqwest=off,opentelemetry=off,rlibphonenumber=off,\
                   rusmpp=off,rusmppc=off,rusmpp_core=off";
const FLUSH: Duration = Duration::from_secs(3);

/// Installs the process-wide subscriber. Call inside the runtime.
pub(crate) fn init(service: &'static str, base: &Base) -> Result<Telemetry, Box<dyn std::error::Error + Send + Sync>> {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let resource = Resource::builder()
        .with_service_name(format!("{service}-service"))
        .build();
    let mut traces = SdkTracerProvider::builder().with_resource(resource.clone());
    let (mut metrics, mut logs) = (None, None);
    if let Some(endpoint) = &base.otlp_endpoint {
        let spans = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()?;
        traces = traces.with_batch_exporter(spans);
        let points = opentelemetry_otlp::MetricExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()?;
        let meter = SdkMeterProvider::builder()
            .with_periodic_exporter(points)
            .with_resource(resource.clone())
            .build();
        opentelemetry::global::set_meter_provider(meter.clone());
        metrics = Some(meter);
        let lines = opentelemetry_otlp::LogExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()?;
        logs = Some(
            SdkLoggerProvider::builder()
                .with_batch_exporter(lines)
                .with_resource(resource)
                .build(),
        );
    }
    let traces = traces.build();
    let filter = || EnvFilter::try_new(format!("{},{OWN}", base.log));
    let stderr = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let stderr = if base.log_format == "json" {
        stderr.json().boxed()
    } else {
        stderr.boxed()
    };
    tracing_subscriber::registry()
        .with(stderr.with_filter(filter()?))
        .with(
            tracing_opentelemetry::layer()
                .with_tracer(traces.tracer("homing"))
                .with_filter(filter()?),
        )
        .with(
            logs.as_ref()
                .map(OpenTelemetryTracingBridge::new)
                .with_filter(filter()?),
        )
        .try_init()?;
    Ok(Telemetry { traces, metrics, logs })
}

impl Telemetry {
    /// Sends what is buffered; a dead collector costs at most three seconds.
    pub(crate) async fn flush(self) {
        let flush = tokio::task::spawn_blocking(move || {
            let ended = [
                self.traces.shutdown_with_timeout(FLUSH),
                self.metrics
                    .map_or(Ok(()), |metrics| metrics.shutdown_with_timeout(FLUSH)),
                self.logs.map_or(Ok(()), |logs| logs.shutdown_with_timeout(FLUSH)),
            ];
            ended.into_iter().filter_map(Result::err).for_each(drop);
        });
        // Nobody is left to be told of a failure.
        let _ = tokio::time::timeout(FLUSH, flush).await;
    }
}
