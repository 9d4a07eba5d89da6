//! conversation-service through its front doors, on a real PostgreSQL and NATS, with contacts-service played by a fake.

mod agents;
mod answers;
mod assignees;
mod automatic_messages;
mod calls;
mod cards;
mod catalogue;
mod channels_of_texts;
mod contacts;
mod conversations;
mod copies;
mod deliveries;
mod facts_readers;
mod first_messages;
mod forms;
mod golden_words;
mod ingest;
mod isolation;
mod nats_logins;
mod offers;
mod opening_hours;
mod origins;
mod persons;
mod replicas;
mod retention;
mod runs;
mod senders;
mod stars;
mod transcripts;
mod waiting;
mod workflow_ends;
mod workflows;
mod workspaces;
mod world;

type Tested = anyhow::Result<()>;
