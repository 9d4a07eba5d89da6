use domain::{ContactId, ConversationId, Invalid, Timestamp};
use std::fmt;
use uuid::Uuid;

/// What a page holds when the caller does not say.
const DEFAULT: u32 = 50;
/// What a page holds at most.
const MAX: u32 = 200;
/// What a page of a segment holds at most: each costs a look at all contacts.
const LARGE: u32 = 1_000;

/// Entries of a page: 1 to 200; 0 means 50.
pub fn size(asked: u32) -> Result<usize, Invalid> {
    within(asked, MAX, "must be 1 to 200, or 0 for 50")
}

/// Entries of a page of a segment: 1 to 1,000; 0 means 50.
pub fn large(asked: u32) -> Result<usize, Invalid> {
    within(asked, LARGE, "must be 1 to 1000, or 0 for 50")
}

fn within(asked: u32, most: u32, remedy: &str) -> Result<usize, Invalid> {
    let size = if asked == 0 { DEFAULT } else { asked };
    match usize::try_from(size) {
        Ok(size) if asked <= most => Ok(size),
        _ => Err(Invalid::new("page_size", remedy)),
    }
}

/// Reads the token of a page of contacts: the last one of the page before.
pub fn after_contact(token: &str) -> Result<Option<ContactId>, Invalid> {
    ContactId::parse_optional(token).map_err(|_| foreign())
}

/// Reads the token of a page of conversations: the last one of the page before.
pub fn before_conversation(token: &str) -> Result<Option<ConversationId>, Invalid> {
    ConversationId::parse_optional(token).map_err(|_| foreign())
}

/// Reads the token of a page of changes: the last version of the page before.
pub fn after_version(token: &str) -> Result<Option<u64>, Invalid> {
    let number = (!token.is_empty()).then(|| token.parse()).transpose();
    number
        .ok()
        .filter(|number| number.is_none_or(|number| i64::try_from(number).is_ok()))
        .ok_or_else(foreign)
}

/// Where a page of purchases ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// To the microsecond.
    pub at: Timestamp,
    pub id: Uuid,
}

impl fmt::Display for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.as_microsecond(), self.id)
    }
}

/// Reads the token of a page of purchases: the last one of the page before.
pub fn below_placed(token: &str) -> Result<Option<Placed>, Invalid> {
    if token.is_empty() {
        return Ok(None);
    }
    let (at, id) = token.split_once('.').ok_or_else(foreign)?;
    let at = at.parse().ok().and_then(|at| Timestamp::from_microsecond(at).ok());
    let id = Uuid::try_parse(id).map_err(|_| foreign())?;
    let at = at.ok_or_else(foreign)?;
    Ok(Some(Placed { at, id }))
}

/// Cuts what was read, one entry more than the page holds, to the page; and its last entry, if more follow.
pub fn cut<T>(entries: &mut Vec<T>, size: usize) -> Option<&T> {
    let more = entries.len() > size;
    entries.truncate(size);
    entries.last().filter(|_| more)
}

fn foreign() -> Invalid {
    Invalid::new("page_token", "is not one that a list call answered")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_a_size_and_an_end() {
        assert_eq!((size(0), size(200)), (Ok(50), Ok(200)));
        assert_eq!(size(201).expect_err("too many").field, "page_size");
        assert_eq!((large(0), large(1_000)), (Ok(50), Ok(1_000)));
        assert_eq!(large(1_001).expect_err("too many").field, "page_size");
        let mut entries = vec![1, 2, 3];
        assert_eq!(cut(&mut entries, 3), None);
        assert_eq!((cut(&mut entries, 2).copied(), entries), (Some(2), vec![1, 2]));
        for bad in ["x", "-1", "99999999999999999999", "18446744073709551615"] {
            assert_eq!(after_version(bad).expect_err(bad).field, "page_token");
            assert_eq!(after_contact(bad).expect_err(bad).field, "page_token");
        }
        let placed = Placed {
            at: Timestamp::constant(1_790_000_000, 5_000_000),
            id: Uuid::from_u128(7),
        };
        assert_eq!(below_placed(&placed.to_string()), Ok(Some(placed)));
        for bad in [
            "x",
            "1",
            "1.x",
            "x.00000000-0000-0000-0000-000000000007",
            "99999999999999999999.7",
        ] {
            assert_eq!(below_placed(bad).expect_err(bad).field, "page_token");
        }
        assert_eq!((after_version(""), after_version("7")), (Ok(None), Ok(Some(7))));
    }
}
