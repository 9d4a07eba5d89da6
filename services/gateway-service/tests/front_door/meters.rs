//! What the gateway measures, read from the exporter's side.

use crate::gateway::World;
use crate::peers::TOKEN;
use anyhow::Result;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use serde_json::json;
use std::collections::BTreeMap;

/// `name{attribute=value, ...}` and its sum or count, as last exported.
fn points(exported: &[ResourceMetrics]) -> BTreeMap<String, u64> {
    let mut points = BTreeMap::new();
    let metrics = exported.iter().flat_map(ResourceMetrics::scope_metrics);
    for metric in metrics.flat_map(|scope| scope.metrics()) {
        let mut note = |attributes: &mut dyn Iterator<Item = &opentelemetry::KeyValue>, value: u64| {
            let mut attributes: Vec<String> = attributes.map(|one| format!("{}={}", one.key, one.value)).collect();
            attributes.sort();
            points.insert(format!("{}{{{}}}", metric.name(), attributes.join(", ")), value);
        };
        match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                for point in histogram.data_points() {
                    note(&mut point.attributes(), point.count());
                }
            }
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                for point in sum.data_points() {
                    note(&mut point.attributes(), point.value());
                }
            }
            AggregatedMetrics::I64(MetricData::Sum(sum)) => {
                for point in sum.data_points() {
                    note(&mut point.attributes(), point.value().unsigned_abs());
                }
            }
            _ => {}
        }
    }
    points
}

#[tokio::test]
async fn sockets_frames_and_requests_are_counted() -> Result<()> {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(exporter.clone())
        .build();
    opentelemetry::global::set_meter_provider(provider.clone());
    let read = || -> Result<BTreeMap<String, u64>> {
        exporter.reset();
        provider.force_flush()?;
        Ok(points(&exporter.get_finished_metrics()?))
    };

    let world = World::start().await?;
    let (mut socket, _, _) = world.started().await?;
    socket.say(json!({"type": "shout"})).await?;
    socket.expect("error").await?;
    let conversation = world.http.get(world.url("/v1/conversations/1")).bearer_auth(TOKEN);
    assert_eq!(conversation.send().await?.status(), 200);
    let secret = world.http.get(world.url("/r/acme.AAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!(secret.send().await?.status(), 404);

    let told = read()?;
    let requests = |method: &str, route: &str, status: u16| {
        let attributes =
            format!("http.request.method={method}, http.response.status_code={status}, http.route={route}");
        told.get(&format!("http.server.request.duration{{{attributes}}}"))
            .copied()
    };
    assert_eq!(requests("POST", "/v1/tickets", 200), Some(1), "{told:#?}");
    assert_eq!(requests("GET", "/v1/conversations/{conversation}", 200), Some(1));
    assert_eq!(requests("GET", "/r/{link}", 404), Some(1));
    let frames = |direction: &str, kind: &str| {
        told.get(&format!("homing.gateway.frames{{direction={direction}, type={kind}}}"))
            .copied()
    };
    for (direction, kind) in [
        ("in", "hello"),
        ("in", "start"),
        ("in", "unreadable"),
        ("out", "welcome"),
        ("out", "started"),
        ("out", "message"),
        ("out", "error"),
    ] {
        assert_eq!(frames(direction, kind), Some(1), "{direction} {kind}: {told:#?}");
    }
    assert_eq!(told.get("homing.gateway.sockets{}"), Some(&1));
    assert!(!told.keys().any(|key| key.contains("AAAA")), "{told:#?}");

    socket.say(json!({"type": "bye"})).await?;
    assert_eq!(socket.closed().await?, 1000);
    testkit::eventually("the socket is gone", crate::gateway::PATIENCE, async || {
        let told = read().ok()?;
        let gone = told.get("homing.gateway.sockets{}") == Some(&0);
        (gone && told.get("homing.gateway.socket.ends{reason=closed}") == Some(&1)).then_some(())
    })
    .await?;
    Ok(())
}
