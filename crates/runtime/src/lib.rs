//! The shell around every service: reads settings, sets up telemetry, connects store and bus, serves gRPC with health
//! and reflection, and stops in order. A service's `main` is one call of [`main`]; its tests build a [`Shell`] with a
//! manual clock instead.
//!
//! Does not own: what a service does.

mod due_loop;

mod ports;
mod program;
mod serve;
mod settings;
mod shell;
mod telemetry;
mod turns;

pub use due_loop::{LEASE, due_loop};
pub use ports::{SystemClock, SystemEntropy};
pub use program::main;
pub use rpc::LIVE;
pub use serve::{MESSAGE_BYTES, Readiness, Running};
pub use settings::{Base, Bytes, Millis, Secret, Setting, SettingDoc, Settings, SettingsError};
pub use shell::Shell;
pub use turns::take_turns;

/// A batch is thousands of small values, made by one thread and freed by another: of a busy service's time the C library's
/// allocator took a third.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
