//! Decisions, pure: no I/O, no clock, no chance. Ids and times are arguments.

pub mod agent;
pub mod asked;
pub mod assignee;
pub mod automatic;
pub mod call;
pub mod card;
pub mod carried;
pub mod console;
pub mod content;
pub mod conversation;
pub mod delivery;
pub mod form;
pub mod given;
pub mod ingest;
pub mod ingest_runs;
pub mod page;
pub mod refused;
pub mod retention;
pub mod run;
pub mod sender;
pub mod settings;
pub mod star;
pub mod token;
pub mod transcript;
pub mod words;
pub mod workflow;
