//! Who a person is by the word of the workspace's own site: signed tokens, and what follows of one.

mod key;
mod plan;
mod token;

pub use key::{Algorithm, IdentityKey};
pub use plan::{Known, Settled, settle};
pub use token::{Identity, verify};
