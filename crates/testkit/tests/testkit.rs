//! The kit against itself: real servers, real clients.

#[path = "it/otlp.rs"]
mod otlp;
#[path = "it/servers.rs"]
mod servers;
#[path = "it/sms.rs"]
mod sms;
#[path = "it/smtp.rs"]
mod smtp;
#[path = "it/web.rs"]
mod web;
