//! The only SQL of this service.

pub mod agent_ticket;
pub mod session;
pub mod ticket;
