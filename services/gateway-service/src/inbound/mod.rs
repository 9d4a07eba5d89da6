//! Who calls: browsers, other systems and providers over HTTP, and hints and questions over NATS.

pub mod facts;
pub mod http;
pub mod persons;
pub mod signals;
pub mod socket;
