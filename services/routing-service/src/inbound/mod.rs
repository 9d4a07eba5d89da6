//! What comes in: rpcs, facts and hints from NATS.

mod agents;
mod facts;
mod hints;
mod invitations;
mod persons;
mod queue;
mod words;

pub(crate) use agents::Routing;
pub(crate) use facts::{Facts, spec};
pub(crate) use hints::{hear_invitations, hear_requests};
pub(crate) use invitations::Invitations;
pub(crate) use persons::Persons;
pub(crate) use queue::Queue;
