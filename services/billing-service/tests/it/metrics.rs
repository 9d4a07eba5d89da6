//! What a running service exports is what the catalogue declares, with its labels and nobody's data.

use crate::harness::{Harness, SOON, Tested};
use bus::{BatchHandler, ConsumerSpec};
use events::event::{DeliveryFailed, MessagePosted};
use events::{Received, fact_filter};
use fault::{Fault, Result, codes};
use metrics::CATALOGUE;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use testkit::eventually;
use tokio_util::sync::CancellationToken;

/// Sees everything go wrong once: away, a mistake of ours, a message that cannot be handled.
#[derive(Default)]
struct Unlucky(AtomicU64);

impl BatchHandler for Unlucky {
    async fn handle(&self, batch: Vec<Received>) -> Vec<Result<()>> {
        let mut results = Vec::new();
        for message in batch {
            let posted: MessagePosted = message.decode().expect("ours");
            let before = self.0.fetch_or(1 << posted.seq, Ordering::SeqCst) & (1 << posted.seq) != 0;
            results.push(match posted.seq {
                1 if !before => Err(Fault::new(&codes::UNAVAILABLE, "away")),
                2 if !before => Err(Fault::internal("a mistake")),
                3 => Err(Fault::invalid("seq", "is not for us")),
                _ => Ok(()),
            });
        }
        results
    }

    fn partition(&self, message: &Received) -> u64 {
        message.decode::<MessagePosted>().map_or(0, |posted| posted.seq)
    }
}

/// Labels of every metric: (name, label) -> values.
type Labels = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn labels_of(data: &AggregatedMetrics) -> Vec<(String, String)> {
    fn pairs<'a>(attributes: impl Iterator<Item = &'a opentelemetry::KeyValue>) -> Vec<(String, String)> {
        attributes
            .map(|pair| (pair.key.to_string(), pair.value.to_string()))
            .collect()
    }
    fn all<T: Copy>(data: &MetricData<T>) -> Vec<(String, String)> {
        match data {
            MetricData::Gauge(gauge) => gauge
                .data_points()
                .flat_map(|point| pairs(point.attributes()))
                .collect(),
            MetricData::Sum(sum) => sum.data_points().flat_map(|point| pairs(point.attributes())).collect(),
            MetricData::Histogram(histogram) => histogram
                .data_points()
                .flat_map(|point| pairs(point.attributes()))
                .collect(),
            MetricData::ExponentialHistogram(_) => Vec::new(),
        }
    }
    match data {
        AggregatedMetrics::F64(data) => all(data),
        AggregatedMetrics::U64(data) => all(data),
        AggregatedMetrics::I64(data) => all(data),
    }
}

fn exported(provider: &SdkMeterProvider, exporter: &InMemoryMetricExporter) -> Labels {
    provider.force_flush().expect("the exporter is in memory");
    let mut found = Labels::new();
    for resource in exporter.get_finished_metrics().expect("it is not shut down") {
        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
            let labels = found.entry(metric.name().to_owned()).or_default();
            for (name, value) in labels_of(metric.data()) {
                labels.entry(name).or_default().insert(value);
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_service_exports_the_catalogue() -> Tested {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::global::set_meter_provider(provider.clone());

    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    billing.thresholds("acme", 10, 0, 0).await?;
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 1).await?;
    billing.accepted("acme", delivery).await?;
    let request = rpc::billing::GetBalanceRequest {
        workspace: "no-such".into(),
    };
    let call = rpc::call(rpc::Deadline::DECISION, request, |request| {
        let mut client = billing.client.clone();
        async move { client.get_balance(request).await }
    });
    let called = call.await;
    // A call that nobody declared makes no label of its own.
    let (stop, handler) = (CancellationToken::new(), Arc::new(Unlucky::default()));
    let spec = ConsumerSpec {
        workers: 1,
        ..ConsumerSpec::facts("unlucky", vec![fact_filter::<MessagePosted>()])
    };
    let running = tokio::spawn(bus::consume_batches(
        billing.bus.clone(),
        spec,
        handler.clone(),
        stop.clone(),
    ));
    for seq in 1..=4 {
        let posted = MessagePosted {
            seq,
            ..Default::default()
        };
        billing.publish("acme", &posted).await?;
    }
    let large = DeliveryFailed {
        reason: "x".repeat(32 * 1024),
        ..Default::default()
    };
    assert!(
        billing.publish("acme", &large).await.is_err(),
        "larger than the stream takes"
    );

    // The daily comparison.
    billing.clock.advance(std::time::Duration::from_secs(86_400));
    let of_others = [
        "homing.notifier.",
        "homing.gateway.",
        "homing.contacts.",
        "homing.retention.",
        "homing.routing.",
        "homing.workflow.",
        "http.server.",
    ];
    let names = CATALOGUE.iter().map(|metric| metric.name);
    let wanted: BTreeSet<&str> = names
        .filter(|name| !of_others.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    let all = eventually("every metric", SOON, async || {
        let found = exported(&provider, &exporter);
        let outcomes = found.get("homing.consumer.settled")?.get("outcome")?.len();
        (wanted.iter().all(|name| found.contains_key(*name)) && outcomes == 4).then_some(found)
    })
    .await?;
    for (name, labels) in &all {
        let metric = CATALOGUE.iter().find(|metric| metric.name == name);
        let Some(metric) = metric else { continue };
        let declared: BTreeSet<String> = metric.labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!(labels.keys().cloned().collect::<BTreeSet<_>>(), declared, "{name}");
        for (label, values) in labels {
            assert!(values.len() <= 40, "{name} {label}: {values:?}");
            assert!(
                !values
                    .iter()
                    .any(|value| value.contains("acme") || value.contains(&delivery.to_string()))
            );
        }
    }
    let of = |name: &str, label: &str| all[name][label].clone();
    assert!(of("rpc.server.call.duration", "rpc_method").contains("billing.TopUp"));
    assert_eq!(
        of("rpc.client.call.duration", "rpc_method"),
        ["billing.GetBalance".to_owned()].into()
    );
    let code = called.map_or_else(|fault| fault.code().name, |_| "");
    assert!(
        !of("rpc.client.call.duration", "rpc_code").contains("UNKNOWN"),
        "{code}"
    );
    assert_eq!(
        of("homing.consumer.dead_lettered", "code"),
        ["request.invalid".to_owned()].into()
    );
    stop.cancel();
    running.await?;
    Ok(())
}
