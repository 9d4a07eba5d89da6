//! What the service measures, as `metrics::sending` declares it. Attributes are words of small sets: no ids, no workspaces, nothing
//! personal.

use crate::domain::breaker::State;
use crate::domain::reminder;
use crate::domain::{End, Purpose, Step};
use crate::outbound::Outcome;
use ::metrics::sending;
use domain::Timestamp;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use opentelemetry::{KeyValue, global};
use std::time::Duration;

/// Seconds; a send is fast, an outage long.
const BOUNDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 60.0, 600.0];

/// The instruments.
#[derive(Debug, Clone)]
pub struct Metrics {
    deliveries: Counter<u64>,
    ended: Counter<u64>,
    lag: Histogram<f64>,
    call: Histogram<f64>,
    reminders: Counter<u64>,
    breakers: Gauge<u64>,
    breaker_turns: Counter<u64>,
}

/// A turn of a delivery, counted once its transaction is committed.
#[derive(Debug, Clone)]
pub struct Turned {
    pub step: Step,
    pub purpose: Purpose,
    /// The word of the history's line.
    pub what: String,
}

impl Metrics {
    /// From the process's meter provider.
    pub fn new() -> Self {
        Self::of(&global::meter("homing.notifier"))
    }

    fn of(meter: &Meter) -> Self {
        Self {
            deliveries: sending::DELIVERIES.counter(meter),
            ended: sending::ENDED.counter(meter),
            lag: sending::LAG.histogram(meter, &BOUNDS),
            call: sending::CALL.histogram(meter, &BOUNDS),
            reminders: sending::REMINDERS.counter(meter),
            breakers: sending::BREAKER.gauge(meter),
            breaker_turns: sending::BREAKER_TURNS.counter(meter),
        }
    }

    pub fn turned(&self, turned: &Turned) {
        self.deliveries.add(
            1,
            &[
                KeyValue::new("step", turned.step.word()),
                KeyValue::new("purpose", turned.purpose.word()),
                KeyValue::new("outcome", turned.what.replace(' ', "_")),
            ],
        );
    }

    pub fn ended(&self, reason: End) {
        self.ended.add(1, &[KeyValue::new("reason", reason.word())]);
    }

    pub fn attempted(&self, step: Step, due_at: Timestamp, now: Timestamp) {
        let lag = now.duration_since(due_at).as_secs_f64().max(0.0);
        self.lag.record(lag, &[KeyValue::new("step", step.word())]);
    }

    pub fn called(&self, step: Step, provider: &str, outcome: &Outcome, took: Duration) {
        let attributes = [
            KeyValue::new("step", step.word()),
            KeyValue::new("provider", provider.to_owned()),
            KeyValue::new("outcome", outcome.word()),
        ];
        self.call.record(took.as_secs_f64(), &attributes);
    }

    /// What became of the mail about a reminder.
    pub fn reminded(&self, state: reminder::State) {
        self.reminders.add(1, &[KeyValue::new("outcome", state.word())]);
    }

    /// Where a provider's breaker stands.
    pub fn breaker(&self, provider: &str, state: State) {
        let attributes = [KeyValue::new("provider", provider.to_owned())];
        self.breakers.record(state.level(), &attributes);
    }

    pub fn breaker_turned(&self, provider: &str, state: State) {
        let attributes = [
            KeyValue::new("provider", provider.to_owned()),
            KeyValue::new("state", state.word()),
        ];
        self.breaker_turns.add(1, &attributes);
    }
}
