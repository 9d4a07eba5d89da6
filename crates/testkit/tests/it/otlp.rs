use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span::Link};
use testkit::OtlpSink;

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = AnyValue {
        value: Some(Value::StringValue(value.to_owned())),
    };
    KeyValue {
        key: key.to_owned(),
        value: Some(value),
        ..Default::default()
    }
}

#[tokio::test]
async fn spans_are_found_by_trace_and_by_content() -> anyhow::Result<()> {
    let sink = OtlpSink::start().await?;
    let mut client = TraceServiceClient::connect(sink.url().to_owned()).await?;
    let span = |name: &str, start: u64| Span {
        trace_id: vec![0xab; 16],
        span_id: vec![start as u8; 8],
        name: name.to_owned(),
        start_time_unix_nano: start,
        attributes: vec![attribute("homing.follow_up", "f-1")],
        links: vec![Link {
            trace_id: vec![0xcd; 16],
            ..Default::default()
        }],
        ..Default::default()
    };
    let spans = ScopeSpans {
        spans: vec![span("second", 2), span("first", 1)],
        ..Default::default()
    };
    let resource = Resource {
        attributes: vec![attribute("service.name", "sample")],
        ..Default::default()
    };
    let resource_spans = ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![spans],
        ..Default::default()
    };
    client
        .export(ExportTraceServiceRequest {
            resource_spans: vec![resource_spans],
        })
        .await?;

    let trace = sink.trace(&"ab".repeat(16));
    let names: Vec<&str> = trace.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["first", "second"]);
    assert_eq!(trace[0].service, "sample");
    assert_eq!(trace[0].links, ["cd".repeat(16)]);
    sink.span("the second span", Duration::from_secs(1), |span| span.name == "second")
        .await?;
    assert!(sink.mentions("f-1") && !sink.mentions("+48600700800"));
    Ok(())
}
