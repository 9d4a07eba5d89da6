//! Contacts through their front door: gRPC on a real PostgreSQL.

mod book;
mod capture;
mod consents;
mod harness;
mod identities;
mod imports;
mod isolation;
mod merges;
mod purchases;
mod purpose;
mod segment_meaning;
mod segments;
