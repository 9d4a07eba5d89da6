//! What comes in: rpcs, ingest events from NATS, and NATS's question who may connect.

mod conversations;
mod events;
mod nats_auth;
mod nats_jwt;
mod opening_hours;
mod workspaces;

pub use conversations::Conversations;
pub use events::{Ingest, spec};
pub use nats_auth::{Issuer, answer_logins};
pub use opening_hours::Openings;
pub use workspaces::Workspaces;
