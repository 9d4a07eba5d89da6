//! What comes in: rpcs, and facts from NATS.

mod agents;
mod facts;

pub(crate) use agents::Routing;
pub(crate) use facts::{Facts, spec};
