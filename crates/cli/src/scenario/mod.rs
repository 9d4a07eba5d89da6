//! The main job from the outside: customers on web sockets, an integrating system on NATS, and what arrives at the
//! sinks. Shared by `homing demo` and the end-to-end tests; knows nothing of the inside.

mod clients;
mod console;
mod customer;
mod expect;
mod integration;
pub mod main_job;
pub mod others;
pub mod replies;
mod sinks;
mod tab;
pub mod told;
pub mod unasked;
pub mod visitors;
mod world;

pub use clients::Clients;
pub use console::Console;
pub use customer::{Customer, Given};
pub use expect::PATIENCE;
pub use integration::Integration;
pub use sinks::{ArrivedMail, ArrivedText, Sinks, return_link};
pub use world::{CHANNEL, PROMPT_CHANNEL, Person, TEXT_CHANNEL, World};
