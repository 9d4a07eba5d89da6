//! routing-service through its front door, on real PostgreSQL and NATS.

mod catalogue;
mod door;
mod service;
