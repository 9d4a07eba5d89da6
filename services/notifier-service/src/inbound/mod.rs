//! How others reach the service: facts of other services, and gRPC.

pub mod events;
pub mod grpc;
