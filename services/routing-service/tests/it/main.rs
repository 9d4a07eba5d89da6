//! routing-service through its front door, on real PostgreSQL and NATS.

mod agents;
mod assignments;
mod catalogue;
mod conversations;
mod desk;
mod door;
mod queue;
mod replicas;
mod watches;
