//! NATS: a connection, a publisher with checked acknowledgements, and the consumer stack around plain handler
//! functions. The stack owns span, decoding of subject and headers, acknowledgement, delays and dead letters; a
//! handler owns meaning.
//!
//! Does not own: what travels (see `events`), and when it is published (see `store`'s relay).

mod connection;
mod consume;
mod consume_batches;
mod copy;
mod dead;
mod forget_dead;
mod parked;
mod pulls;
mod readers;
mod received;
mod settle;

pub use connection::{Bus, BusConfig, Proof, StreamSizes};
pub use consume::{ConsumerSpec, Handler, consume};
pub use consume_batches::{BatchHandler, consume_batches};
pub use copy::keep_copy;
pub use dead::{DeadLetter, list_dead, list_dead_before, replay_dead};
pub use forget_dead::{Looked, forget_dead};
