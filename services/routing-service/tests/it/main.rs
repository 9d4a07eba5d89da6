//! routing-service through its front door, on real PostgreSQL and NATS.

mod agents;
mod catalogue;
mod conversations;
mod door;
