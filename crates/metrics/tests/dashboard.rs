//! What is shipped beside the catalogue says the same as the catalogue.

use metrics::{CATALOGUE, Kind};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/dashboards")
}

/// Labels that the collector or Prometheus adds.
const ADDED: [&str; 3] = ["job", "instance", "le"];

fn expressions() -> Vec<String> {
    let text = std::fs::read_to_string(folder().join("homing.json")).expect("it is shipped");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let mut found = Vec::new();
    collect(&dashboard, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("expr", Value::String(text)) => found.push(text.clone()),
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let known: BTreeSet<String> = CATALOGUE.iter().flat_map(metrics::Metric::series).collect();
    let expressions = expressions();
    for expression in &expressions {
        for word in words(expression).filter(|word| {
            ["homing_", "rpc_server", "rpc_client", "http_server"]
                .iter()
                .any(|prefix| word.starts_with(prefix))
        }) {
            assert!(known.contains(word), "{word} is not declared, in {expression}");
        }
    }
    for metric in CATALOGUE {
        let shown = expressions.iter().any(|expression| {
            metric
                .series()
                .iter()
                .any(|name| words(expression).any(|word| word == name))
        });
        assert!(shown, "{} is on no panel", metric.name);
    }
}

#[test]
fn the_dashboard_groups_by_labels_that_exist() {
    for expression in expressions() {
        let labels: BTreeSet<&str> = CATALOGUE
            .iter()
            .filter(|metric| {
                metric
                    .series()
                    .iter()
                    .any(|name| words(&expression).any(|word| word == name))
            })
            .flat_map(|metric| metric.labels.iter().copied())
            .chain(ADDED)
            .collect();
        for group in expression.split("by (").skip(1) {
            let inside = group.split(')').next().unwrap_or_default();
            for label in words(inside) {
                assert!(labels.contains(label), "{label} is no label, in {expression}");
            }
        }
        for matcher in expression.split('{').skip(1) {
            let inside = matcher.split('}').next().unwrap_or_default();
            for part in inside.split(',') {
                let label = part.split(['=', '!']).next().unwrap_or_default().trim();
                assert!(labels.contains(label), "{label} is no label, in {expression}");
            }
        }
    }
}

#[test]
fn the_table_is_the_catalogues() {
    let mut wanted = String::from(
        "# Metrics and dashboard\n\nExported over OTLP to `OTEL_EXPORTER_OTLP_ENDPOINT`; Prometheus (through the collector) keeps them under the names below,\nwith `job` naming the service. Written from `crates/metrics/src/catalogue.rs`\n(`UPDATE_GOLDEN=1 cargo nextest run -p metrics`). `homing.json` is a Grafana dashboard over them.\n\n| metric | kind | labels | meaning | in Prometheus |\n| --- | --- | --- | --- | --- |\n",
    );
    for metric in CATALOGUE {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram, s",
        };
        wanted += &format!(
            "| `{}` | {kind} | {} | {} | `{}` |\n",
            metric.name,
            metric.labels.join(", "),
            metric.meaning,
            metric.series().join("`, `")
        );
    }
    let path = folder().join("README.md");
    if option_env!("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &wanted).expect("the folder can be written");
    }
    let shipped = std::fs::read_to_string(&path).expect("it is shipped");
    assert_eq!(shipped, wanted, "write it again with UPDATE_GOLDEN=1");
}
