//! Pages of what is listed newest first.

use crate::domain::Cursor;
use fault::{Fault, Result};

const DEFAULT: usize = 100;
const MAX: usize = 500;

/// How much a page holds; 0 asks for 100.
pub(super) fn size(asked: u32) -> Result<usize> {
    match usize::try_from(asked) {
        Ok(0) => Ok(DEFAULT),
        Ok(size) if size <= MAX => Ok(size),
        _ => Err(Fault::invalid("page_size", "must be at most 500; 0 means 100")),
    }
}

/// One more than is shown tells whether there is a next page.
pub(super) fn limit(size: usize) -> Result<i64> {
    i64::try_from(size + 1).map_err(Fault::internal)
}

/// The page, and where the next one begins; `None` after the last one.
pub(super) fn cut<T>(mut rows: Vec<T>, size: usize, cursor: impl Fn(&T) -> Cursor) -> (Vec<T>, Option<Cursor>) {
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(cursor);
    (rows, next)
}
