//! The only SQL of this service.

pub mod agent_ticket;
pub mod session;
pub mod ticket;

/// Unused tickets that each new one takes with it: more than one, so that they cannot pile up.
const SWEEP: i64 = 20;
