//! What reaches the service.

pub mod consents;
pub mod grpc;
