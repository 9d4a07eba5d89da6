//! The only SQL of this service.

pub mod session;
pub mod ticket;
