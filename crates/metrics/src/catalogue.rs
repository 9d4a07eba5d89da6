use crate::{door, sending};
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};

/// How a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Seconds, in buckets.
    Histogram,
}

/// A metric as it is exported over OTLP.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    /// UCUM: `s`, `1`, or a word for what is counted in braces.
    pub unit: &'static str,
    pub labels: &'static [&'static str],
    pub meaning: &'static str,
}

pub(crate) const fn metric(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    labels: &'static [&'static str],
    meaning: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        unit,
        labels,
        meaning,
    }
}

pub(crate) const OUTBOX_DEPTH: Metric = metric(
    "homing.outbox.depth",
    Kind::Gauge,
    "{fact}",
    &[],
    "facts that are committed and not published yet, counted every 10 s up to 10,000; each replica tells the same",
);
pub(crate) const OUTBOX_AGE: Metric = metric(
    "homing.outbox.age",
    Kind::Gauge,
    "s",
    &[],
    "age of the oldest of them; 0 when there is none",
);
pub(crate) const RELAY_DURATION: Metric = metric(
    "homing.relay.batch.duration",
    Kind::Histogram,
    "s",
    &[],
    "taking facts from the outbox, publishing and marking them, a batch of 1 to 10,000",
);
pub(crate) const RELAYED: Metric = metric(
    "homing.relay.published",
    Kind::Counter,
    "{fact}",
    &[],
    "facts that the stream has acknowledged",
);
pub(crate) const PUBLISH_FAILED: Metric = metric(
    "homing.publish.failed",
    Kind::Counter,
    "{message}",
    &[],
    "messages that the stream did not acknowledge; they are published again",
);
pub(crate) const CONSUMED: Metric = metric(
    "homing.consumer.settled",
    Kind::Counter,
    "{message}",
    &["consumer", "outcome"],
    "messages settled: done, later (delivered again after a pause), dead; waiting counts tries that found a dependency away",
);
pub(crate) const REDELIVERED: Metric = metric(
    "homing.consumer.redelivered",
    Kind::Counter,
    "{message}",
    &["consumer"],
    "messages that came again",
);
pub(crate) const DEAD: Metric = metric(
    "homing.consumer.dead_lettered",
    Kind::Counter,
    "{message}",
    &["consumer", "code"],
    "messages that became dead letters, by the code of what is wrong",
);
pub(crate) const HANDLED: Metric = metric(
    "homing.consumer.handle.duration",
    Kind::Histogram,
    "s",
    &["consumer"],
    "one run of a handler, over one message or one batch",
);
pub(crate) const PARKED: Metric = metric(
    "homing.consumer.parked",
    Kind::Gauge,
    "{message}",
    &["consumer"],
    "messages set aside in memory until what they need is back",
);
pub(crate) const SERVED: Metric = metric(
    "rpc.server.call.duration",
    Kind::Histogram,
    "s",
    &["rpc_method", "rpc_code"],
    "calls answered, by rpc and gRPC code; a stream counts when it ends",
);
pub(crate) const CALLED: Metric = metric(
    "rpc.client.call.duration",
    Kind::Histogram,
    "s",
    &["rpc_method", "rpc_code"],
    "calls of other services, all tries together, by rpc and the code of the last answer",
);
pub(crate) const BILLING_DRIFT: Metric = metric(
    "homing.billing.drift",
    Kind::Counter,
    "{difference}",
    &["kind"],
    "differences that stand at a workspace's daily comparison, counted anew each day: books (balances and journal), old_hold (open for more than 72 h), and between providers' statements and charges not_charged, not_reported, parts, price",
);

pub(crate) const BILLING_NOTICES: Metric = metric(
    "homing.billing.account.notices",
    Kind::Counter,
    "{notice}",
    &["kind"],
    "what was told of accounts: low (less than the threshold is available), top_up (a top-up was asked for)",
);

pub(crate) const ERASURES: Metric = metric(
    "homing.contacts.erasures",
    Kind::Gauge,
    "{erasure}",
    &[],
    "erasures of people that are not done, counted every 10 s; each replica tells the same",
);
pub(crate) const ERASURE_AGE: Metric = metric(
    "homing.contacts.erasure.age",
    Kind::Gauge,
    "s",
    &[],
    "since when the oldest of them is asked for; 0 when there is none",
);
pub(crate) const ERASURE_FAILURES: Metric = metric(
    "homing.contacts.erasure.failures",
    Kind::Counter,
    "{failure}",
    &["step", "code"],
    "turns of erasures that failed, by where and by the code of what is wrong; they are taken again",
);
pub(crate) const RETENTION_ERASED: Metric = metric(
    "homing.retention.erased",
    Kind::Counter,
    "{item}",
    &["kind"],
    "contacts, and conversations whose words went, because a workspace's retention period was over, by kind: contacts, conversations",
);
pub(crate) const ASSIGNMENTS: Metric = metric(
    "homing.routing.assignments",
    Kind::Counter,
    "{change}",
    &["cause"],
    "changes of who has a request for an agent, by cause: queued, alerted, accepted, declined, missed, answered, assigned, transferred, vanished, resolved, visitor_left",
);
pub(crate) const REQUEST_WAIT: Metric = metric(
    "homing.routing.wait",
    Kind::Histogram,
    "s",
    &[],
    "from coming into the queue until somebody first serves",
);
pub(crate) const REQUESTS_WAITING: Metric = metric(
    "homing.routing.waiting",
    Kind::Gauge,
    "{request}",
    &["kind"],
    "requests that wait for an agent, by kind of channel, counted every 10 s; each replica tells the same",
);
pub(crate) const REQUESTS_WAITING_AGE: Metric = metric(
    "homing.routing.waiting.age",
    Kind::Gauge,
    "s",
    &["kind"],
    "since when the oldest of them waits; 0 when there is none",
);
pub(crate) const WORKFLOW_RUNS: Metric = metric(
    "homing.workflow.runs",
    Kind::Counter,
    "{change}",
    &["outcome"],
    "runs of workflows that began or ended: began, done, customer_wrote, agent_wrote, agent_took_over, resolved, erased, by_hand",
);
pub(crate) const WORKFLOW_LATENESS: Metric = metric(
    "homing.workflow.lateness",
    Kind::Histogram,
    "s",
    &[],
    "from the moment at which the wait of a run was over until its next step was begun",
);

/// All of them.
pub const CATALOGUE: &[Metric] = &[
    OUTBOX_DEPTH,
    OUTBOX_AGE,
    RELAY_DURATION,
    RELAYED,
    PUBLISH_FAILED,
    CONSUMED,
    REDELIVERED,
    DEAD,
    HANDLED,
    PARKED,
    SERVED,
    CALLED,
    BILLING_DRIFT,
    BILLING_NOTICES,
    ERASURES,
    ERASURE_AGE,
    ERASURE_FAILURES,
    RETENTION_ERASED,
    ASSIGNMENTS,
    REQUEST_WAIT,
    REQUESTS_WAITING,
    REQUESTS_WAITING_AGE,
    WORKFLOW_RUNS,
    WORKFLOW_LATENESS,
    sending::DELIVERIES,
    sending::ENDED,
    sending::LAG,
    sending::CALL,
    sending::REMINDERS,
    sending::BREAKER,
    sending::BREAKER_TURNS,
    door::REQUESTS,
    door::SOCKETS,
    door::SOCKET_ENDS,
    door::FRAMES,
];

impl Metric {
    pub fn counter(&self, meter: &Meter) -> Counter<u64> {
        let builder = meter.u64_counter(self.name);
        builder.with_unit(self.unit).with_description(self.meaning).build()
    }

    pub fn gauge(&self, meter: &Meter) -> Gauge<u64> {
        let builder = meter.u64_gauge(self.name);
        builder.with_unit(self.unit).with_description(self.meaning).build()
    }

    pub fn up_down(&self, meter: &Meter) -> UpDownCounter<i64> {
        let builder = meter.i64_up_down_counter(self.name);
        builder.with_unit(self.unit).with_description(self.meaning).build()
    }

    /// `bounds`: upper ends of its buckets.
    pub fn histogram(&self, meter: &Meter, bounds: &[f64]) -> Histogram<f64> {
        let builder = meter.f64_histogram(self.name).with_boundaries(bounds.to_vec());
        builder.with_unit(self.unit).with_description(self.meaning).build()
    }

    /// The names under which Prometheus keeps it.
    pub fn series(&self) -> Vec<String> {
        let base = self.name.replace('.', "_");
        let base = if self.unit == "s" { base + "_seconds" } else { base };
        match self.kind {
            Kind::Counter => vec![base + "_total"],
            Kind::Gauge => vec![base],
            Kind::Histogram => ["_bucket", "_sum", "_count"].map(|tail| format!("{base}{tail}")).into(),
        }
    }
}
