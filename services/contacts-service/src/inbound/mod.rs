//! What reaches the service.

pub mod grpc;
