//! What comes in: rpcs, ingest events and facts from NATS, and NATS's question who may connect.

mod automatic_messages;
mod cards;
mod conversations;
mod deliveries;
mod events;
mod forms;
mod nats_auth;
mod nats_jwt;
mod opening_hours;
mod persons;
mod requests;
mod retention;
mod senders;
mod staffing;
mod stars;
mod workflows;
mod workspaces;

pub use automatic_messages::Voices;
pub use cards::Cards;
pub use conversations::Conversations;
pub use deliveries::{Deliveries, delivery_spec};
pub use events::{Ingest, spec};
pub use forms::Forms;
pub use nats_auth::{Issuer, answer_logins};
pub use opening_hours::Openings;
pub use persons::Persons;
pub use requests::{Requests, request_spec};
pub use retention::Keeping;
pub use senders::SenderBook;
pub use staffing::{Staffing, staffing_spec};
pub use stars::Stars;
pub use workflows::Workflows;
pub use workspaces::Workspaces;
