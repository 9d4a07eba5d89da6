//! The gateway through its front door: real PostgreSQL and NATS, the services behind it played by `peers`.

mod automatic_messages;
mod callbacks;
mod catalogue;
mod contacts;
mod contracts;
mod dawdlers;
mod deliveries;
mod erasures;
mod first_messages;
mod forms;
mod gateway;
mod http;
mod identities;
mod imports;
mod invitations;
mod meters;
mod money;
mod peers;
mod presence;
mod problems;
mod queue;
mod scopes;
mod segments;
mod socket;
mod transcripts;
mod workspaces;
