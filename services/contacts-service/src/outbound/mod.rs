//! What the service reaches out to.

pub mod postgres;
