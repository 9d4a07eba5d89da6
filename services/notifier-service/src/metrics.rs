//! What the service measures; the README lists it. Attributes are words of small sets: no ids, no workspaces, nothing
//! personal.

use crate::domain::breaker::State;
use crate::domain::{End, Purpose, Step};
use crate::outbound::Outcome;
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
        let seconds = |name: &'static str, meaning: &'static str| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(meaning)
                .with_boundaries(BOUNDS.to_vec())
                .build()
        };
        Self {
            deliveries: meter
                .u64_counter("homing.notifier.deliveries")
                .with_description("Turns of deliveries, by step, purpose and outcome.")
                .build(),
            ended: meter
                .u64_counter("homing.notifier.follow_ups.ended")
                .with_description("Follow-ups that ended, by their strongest reason.")
                .build(),
            lag: seconds(
                "homing.notifier.due.lag",
                "From the time a delivery was due until its attempt was committed, by step.",
            ),
            call: seconds(
                "homing.notifier.provider.call.duration",
                "Calls to providers, by step and outcome.",
            ),
            breakers: meter
                .u64_gauge("homing.notifier.provider.breaker")
                .with_description("Whether a provider of texts is called: 0 yes, 1 to try it again, 2 not for a while.")
                .build(),
            breaker_turns: meter
                .u64_counter("homing.notifier.provider.breaker.turns")
                .with_description("Turns of providers' breakers, by provider and new state.")
                .build(),
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

    pub fn called(&self, step: Step, outcome: &Outcome, took: Duration) {
        let attributes = [
            KeyValue::new("step", step.word()),
            KeyValue::new("outcome", outcome.word()),
        ];
        self.call.record(took.as_secs_f64(), &attributes);
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
