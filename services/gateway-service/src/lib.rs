//! The edge: the customers' socket, the public HTTP API, provider callbacks and return links. The services behind it
//! stay private.
//!
//! Does not own: any state of the domain. Sessions and one-time tickets are all it stores.

pub mod domain;
