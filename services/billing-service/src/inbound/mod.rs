//! What reaches the service.

pub mod events;
pub mod grpc;
mod words;
