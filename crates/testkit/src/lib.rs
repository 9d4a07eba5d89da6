//! Real servers, sinks and deterministic ports for tests; `homing dev` and `homing demo` start the same things.
//!
//! Everything here binds 127.0.0.1 only and dies with the process that started it. It reads the environment, starts
//! processes and makes up keys, which product code never does.

mod clock;
mod entropy;
mod eventually;
mod otlp;
pub mod servers;
pub mod sink;
mod tls;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use eventually::{TimedOut, eventually};
pub use otlp::{OtlpSink, Record, RecordKind, Span};
pub use servers::{Kannel, KannelPorts, Nats, NatsOptions, Postfix, Postgres, PostgresOptions, TestDatabase, TestNats};
pub use sink::{
    Delivered, Mail, MailFault, ReceiptMode, SinkWeb, SmsFault, SmsMessage, SmsOptions, SmsSink, Smsc, SmtpSink,
    SmtpTls, SubmittedPart, WrittenText,
};
pub use tls::Authority;

/// Chooses aws-lc-rs as the process's TLS provider; every test helper that opens a connection calls it first.
/// Calling it again does nothing.
pub fn install_crypto() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
