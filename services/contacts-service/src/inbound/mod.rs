//! What reaches the service.

pub mod book;
pub mod consents;
pub mod grpc;
pub mod identity;
mod words;
