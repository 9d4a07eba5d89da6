//! Contacts through their front door: gRPC on a real PostgreSQL.

mod book;
mod capture;
mod channel_profiles;
mod consents;
mod erasures;
mod exports;
mod harness;
mod identities;
mod imports;
mod interactions;
mod isolation;
mod merges;
mod peers;
mod purchases;
mod purpose;
mod retention;
mod role_canaries;
mod roles;
mod segment_meaning;
mod segments;
