use metrics::door;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};
use std::time::Duration;

/// Seconds; most answers take a few milliseconds, and none longer than 20 s.
const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0];

/// What is measured at the door, as `metrics::door` declares it.
#[derive(Clone)]
pub struct Meters {
    requests: Histogram<f64>,
    sockets: UpDownCounter<i64>,
    ends: Counter<u64>,
    frames: Counter<u64>,
}

impl Meters {
    pub fn new(meter: &Meter) -> Self {
        Self {
            requests: door::REQUESTS.histogram(meter, &SECONDS),
            sockets: door::SOCKETS.up_down(meter),
            ends: door::SOCKET_ENDS.counter(meter),
            frames: door::FRAMES.counter(meter),
        }
    }

    /// A request was answered. `route` is the pattern, never the path: a return link's token stands in it.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, after: Duration) {
        let attributes = [
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        self.requests.record(after.as_secs_f64(), &attributes);
    }

    /// A socket is open until the answer is dropped.
    pub fn open(&self) -> Open {
        self.sockets.add(1, &[]);
        Open(self.sockets.clone())
    }

    /// A socket ended for this reason.
    pub fn ended(&self, reason: &'static str) {
        self.ends.add(1, &[KeyValue::new("reason", reason)]);
    }

    /// A frame came from a client.
    pub fn heard(&self, kind: &'static str) {
        self.frame("in", kind);
    }

    /// A frame was sent to a client.
    pub fn said(&self, kind: &'static str) {
        self.frame("out", kind);
    }

    fn frame(&self, direction: &'static str, kind: &'static str) {
        let attributes = [KeyValue::new("direction", direction), KeyValue::new("type", kind)];
        self.frames.add(1, &attributes);
    }
}

/// Counts as an open socket.
pub struct Open(UpDownCounter<i64>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.add(-1, &[]);
    }
}
