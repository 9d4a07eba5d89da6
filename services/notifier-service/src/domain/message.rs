//! Messages that go out as they stand, on a channel that carries them by itself.

use domain::AuthorRole;
use jiff::{SignedDuration, Timestamp};

/// So many messages before one are looked at: facts may overtake each other, by a few places.
pub const LOOK_BACK: u64 = 10;

/// What was written longer before another message was certainly heard of, if it is to go out at all.
const OVERTAKEN_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// Whether the channel brings what this author writes to the customer.
pub fn is_carried(author: AuthorRole) -> bool {
    matches!(author, AuthorRole::Agent | AuthorRole::Bot)
}

/// Whether the fact of a message written at `at` may still be on its way, though that of a later one, written at `later`, has come.
pub fn may_be_overtaken(at: Timestamp, later: Timestamp) -> bool {
    later.duration_since(at) <= OVERTAKEN_WITHIN
}
