//! The notifier through its front door: facts and rpcs in, texts, mails and facts out, on real PostgreSQL and NATS, with
//! the other services as fakes.

mod automatic;
mod callbacks;
mod carrier;
mod claims;
mod continued;
mod decisions;
mod explain;
mod first_messages;
mod gateway;
mod harness;
mod hostile;
mod inbound_mails;
mod inbound_texts;
mod isolation;
mod keywords;
mod late;
mod limits;
mod looking;
mod messages;
mod opt_outs;
mod outcomes;
mod peers;
mod providers;
mod quiet;
mod quiet_hours;
mod real_servers;
mod smpp;
mod smpp_inbound;
mod steps;
mod telling;
mod unsubscribe_links;
mod upkeep;
mod views;
mod whatsapp;
mod words;
