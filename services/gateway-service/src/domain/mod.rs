//! The edge's own rules: what secrets look like, what a socket may say, how tabs become signals, who is too fast.
//! Pure: no async, no clock, no randomness, no I/O.

pub mod address;
pub mod agent_frame;
pub mod automatic;
pub mod bucket;
pub mod card;
pub mod form;
pub mod frame;
pub mod invitation;
pub mod ledger;
pub mod origin;
pub mod recent;
pub mod request;
pub mod session;
pub mod tab;
pub mod tagged;
pub mod token;
pub mod visit;
pub mod words;
