//! How others reach the service: facts of other services, gRPC, and SMSCs.

pub mod events;
pub mod grpc;
pub mod persons;
pub mod smpp;
