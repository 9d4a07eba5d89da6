//! What reaches the service.

mod book;
mod consents;
mod grpc;
mod identity;
mod imports;
mod interactions;
mod orders;
mod privacy;
mod purchases;
mod segments;
mod words;

pub use orders::{Orders, spec};

use crate::app::Contacts;
use crate::outbound::Persons;

/// Serves all nine gRPC services, each in a file of its own.
#[derive(Debug, Clone)]
pub struct Server {
    contacts: Contacts,
    /// Who else keeps something of people.
    persons: Persons,
}

impl Server {
    pub fn new(contacts: Contacts, persons: Persons) -> Self {
        Self { contacts, persons }
    }
}
