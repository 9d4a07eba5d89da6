//! routing-service through its front door, on real PostgreSQL and NATS.

mod door;
mod service;
