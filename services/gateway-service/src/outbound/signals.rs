use crate::app::tabs::Word;
use bus::Bus;
use events::signal;
use fault::{Fault, Result};
use prost::Message;

/// Publishes what is told about tabs on core NATS, in order. While NATS is away it waits inside the client.
#[derive(Clone)]
pub struct Signals {
    bus: Bus,
}

impl Signals {
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    pub async fn publish(&self, word: Word) -> Result<()> {
        let (subject, payload) = match word {
            Word::Signal(numbered) => (signal::tab(numbered.shard), numbered.signal.encode_to_vec()),
            Word::Lease(lease) => (signal::LEASE.to_owned(), lease.encode_to_vec()),
            Word::Elsewhere(closed) => (signal::CLOSED.to_owned(), closed.encode_to_vec()),
        };
        let sent = self.bus.client().publish(subject, payload.into()).await;
        sent.map_err(|error| Fault::unavailable("NATS", error))
    }

    /// Waits until everything published has left.
    pub async fn flush(&self) -> Result<()> {
        let flushed = self.bus.client().flush().await;
        flushed.map_err(|error| Fault::unavailable("NATS", error))
    }
}
