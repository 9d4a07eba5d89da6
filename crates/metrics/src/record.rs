use crate::catalogue::{self, Metric};
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};
use opentelemetry::{KeyValue, global};
use std::sync::LazyLock;
use std::time::Duration;

/// From a cache hit to the longest deadline, in seconds.
const BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How long people wait, in seconds.
const WAITS: [f64; 10] = [1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0];

struct Instruments {
    depth: Gauge<u64>,
    age: Gauge<f64>,
    relay: Histogram<f64>,
    relayed: Counter<u64>,
    publish_failed: Counter<u64>,
    consumed: Counter<u64>,
    redelivered: Counter<u64>,
    dead: Counter<u64>,
    handled: Histogram<f64>,
    parked: UpDownCounter<i64>,
    served: Histogram<f64>,
    called: Histogram<f64>,
    billing_drift: Counter<u64>,
    notices: Counter<u64>,
    erasures: Gauge<u64>,
    erasure_age: Gauge<f64>,
    erasure_failures: Counter<u64>,
    retention_erased: Counter<u64>,
    assignments: Counter<u64>,
    request_wait: Histogram<f64>,
    requests_waiting: Gauge<u64>,
    requests_waiting_age: Gauge<f64>,
    workflow_runs: Counter<u64>,
    workflow_lateness: Histogram<f64>,
}

/// Made at the first use: the meter provider is installed before anything runs.
static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| {
    let meter = global::meter("homing");
    Instruments {
        depth: catalogue::OUTBOX_DEPTH.gauge(&meter),
        age: described(meter.f64_gauge(catalogue::OUTBOX_AGE.name), &catalogue::OUTBOX_AGE).build(),
        relay: catalogue::RELAY_DURATION.histogram(&meter, &BUCKETS),
        relayed: catalogue::RELAYED.counter(&meter),
        publish_failed: catalogue::PUBLISH_FAILED.counter(&meter),
        consumed: catalogue::CONSUMED.counter(&meter),
        redelivered: catalogue::REDELIVERED.counter(&meter),
        dead: catalogue::DEAD.counter(&meter),
        handled: catalogue::HANDLED.histogram(&meter, &BUCKETS),
        parked: catalogue::PARKED.up_down(&meter),
        served: catalogue::SERVED.histogram(&meter, &BUCKETS),
        called: catalogue::CALLED.histogram(&meter, &BUCKETS),
        billing_drift: catalogue::BILLING_DRIFT.counter(&meter),
        notices: catalogue::BILLING_NOTICES.counter(&meter),
        erasures: catalogue::ERASURES.gauge(&meter),
        erasure_age: described(meter.f64_gauge(catalogue::ERASURE_AGE.name), &catalogue::ERASURE_AGE).build(),
        erasure_failures: catalogue::ERASURE_FAILURES.counter(&meter),
        retention_erased: catalogue::RETENTION_ERASED.counter(&meter),
        assignments: catalogue::ASSIGNMENTS.counter(&meter),
        request_wait: catalogue::REQUEST_WAIT.histogram(&meter, &WAITS),
        requests_waiting: catalogue::REQUESTS_WAITING.gauge(&meter),
        requests_waiting_age: described(
            meter.f64_gauge(catalogue::REQUESTS_WAITING_AGE.name),
            &catalogue::REQUESTS_WAITING_AGE,
        )
        .build(),
        workflow_runs: catalogue::WORKFLOW_RUNS.counter(&meter),
        workflow_lateness: catalogue::WORKFLOW_LATENESS.histogram(&meter, &BUCKETS),
    }
});

fn described<'a, T>(
    builder: opentelemetry::metrics::InstrumentBuilder<'a, T>,
    metric: &Metric,
) -> opentelemetry::metrics::InstrumentBuilder<'a, T> {
    builder.with_unit(metric.unit).with_description(metric.meaning)
}

/// What waits in the outbox, and how old the oldest of it is.
pub fn outbox(depth: u64, age: Duration) {
    INSTRUMENTS.depth.record(depth, &[]);
    INSTRUMENTS.age.record(age.as_secs_f64(), &[]);
}

/// A batch of so many facts left the outbox.
pub fn relayed(count: u64, took: Duration) {
    INSTRUMENTS.relayed.add(count, &[]);
    INSTRUMENTS.relay.record(took.as_secs_f64(), &[]);
}

/// So many messages were not acknowledged by their stream.
pub fn publish_failed(count: u64) {
    INSTRUMENTS.publish_failed.add(count, &[]);
}

/// A message was settled: `done`, `later`, `dead`, or `waiting`.
pub fn consumed(consumer: &'static str, outcome: &'static str) {
    let labels = [KeyValue::new("consumer", consumer), KeyValue::new("outcome", outcome)];
    INSTRUMENTS.consumed.add(1, &labels);
}

/// A message came again.
pub fn redelivered(consumer: &'static str) {
    INSTRUMENTS.redelivered.add(1, &[KeyValue::new("consumer", consumer)]);
}

/// A message became a dead letter, for the reason of this catalogue code.
pub fn dead_lettered(consumer: &'static str, code: &'static str) {
    let labels = [KeyValue::new("consumer", consumer), KeyValue::new("code", code)];
    INSTRUMENTS.dead.add(1, &labels);
}

/// A handler ran.
pub fn handled(consumer: &'static str, took: Duration) {
    let labels = [KeyValue::new("consumer", consumer)];
    INSTRUMENTS.handled.record(took.as_secs_f64(), &labels);
}

/// So many more messages (or fewer) are set aside.
pub fn parked(consumer: &'static str, more: i64) {
    if more != 0 {
        INSTRUMENTS.parked.add(more, &[KeyValue::new("consumer", consumer)]);
    }
}

/// An rpc (`presence.GetPresence`) was answered with a gRPC code.
pub fn rpc_served(method: String, code: &'static str, took: Duration) {
    INSTRUMENTS.served.record(took.as_secs_f64(), &rpc(method, code));
}

/// Another service was called.
pub fn rpc_called(method: String, code: &'static str, took: Duration) {
    INSTRUMENTS.called.record(took.as_secs_f64(), &rpc(method, code));
}

/// So many differences of a kind stand in one workspace.
pub fn billing_drift(kind: &'static str, count: u64) {
    INSTRUMENTS.billing_drift.add(count, &[KeyValue::new("kind", kind)]);
}

/// Something was told of an account: `low` or `top_up`.
pub fn account_noticed(kind: &'static str) {
    INSTRUMENTS.notices.add(1, &[KeyValue::new("kind", kind)]);
}

/// So many erasures of people are not done, and how old the oldest is.
pub fn erasures(count: u64, age: Duration) {
    INSTRUMENTS.erasures.record(count, &[]);
    INSTRUMENTS.erasure_age.record(age.as_secs_f64(), &[]);
}

/// A turn of an erasure failed in this step.
pub fn erasure_failed(step: &'static str, code: &'static str) {
    let labels = [KeyValue::new("step", step), KeyValue::new("code", code)];
    INSTRUMENTS.erasure_failures.add(1, &labels);
}

/// So many contacts, or conversations, went because a retention period was over: `contacts` or `conversations`.
pub fn retention_erased(kind: &'static str, count: u64) {
    INSTRUMENTS.retention_erased.add(count, &[KeyValue::new("kind", kind)]);
}

/// Who has a request for an agent changed.
pub fn request_assigned(cause: &'static str) {
    INSTRUMENTS.assignments.add(1, &[KeyValue::new("cause", cause)]);
}

/// Somebody in the queue is served first after so long.
pub fn request_waited(wait: Duration) {
    INSTRUMENTS.request_wait.record(wait.as_secs_f64(), &[]);
}

/// So many of a kind wait for an agent, and how long the oldest does.
pub fn requests_waiting(kind: &'static str, count: u64, age: Duration) {
    let kind = [KeyValue::new("kind", kind)];
    INSTRUMENTS.requests_waiting.record(count, &kind);
    INSTRUMENTS.requests_waiting_age.record(age.as_secs_f64(), &kind);
}

/// A run of a workflow `began`, or ended with this outcome.
pub fn workflow_moved(outcome: &'static str) {
    INSTRUMENTS.workflow_runs.add(1, &[KeyValue::new("outcome", outcome)]);
}

/// A run of a workflow went on this long after its wait was over.
pub fn workflow_late(late: Duration) {
    INSTRUMENTS.workflow_lateness.record(late.as_secs_f64(), &[]);
}

fn rpc(method: String, code: &'static str) -> [KeyValue; 2] {
    [KeyValue::new("rpc_method", method), KeyValue::new("rpc_code", code)]
}
