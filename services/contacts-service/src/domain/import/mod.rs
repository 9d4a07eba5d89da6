//! Files of contacts: lines are read and checked one by one, and a batch of them is planned as one.

mod batch;
mod encoding;
mod lines;
mod pieces;
#[cfg(test)]
mod tests;

pub use batch::{Book, Writes, plan_batch};
pub use encoding::text;
pub use lines::{Line, fields, lines, open_quote};
pub use pieces::{Piece, Pieces};

use super::{DataKey, DataValue, Given, Stage, Tag, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of a piece at most.
pub const LINES: usize = 2_000;
/// Bytes of a line at most: all cells at their largest do not reach it but for many custom values.
pub const LINE_BYTES: usize = 65_536;

/// What is wrong in a file, and what to do. It never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// As an editor counts them; the head is line 1.
    pub line: u64,
    /// Empty where the whole line is meant.
    pub column: String,
    pub remedy: String,
    /// True: the line was taken all the same, this cell was not.
    pub taken: bool,
}

impl Problem {
    /// A line that is not taken.
    pub fn refused(line: u64, column: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            line,
            column: column.into(),
            remedy: remedy.into(),
            taken: false,
        }
    }
}

/// What a line says of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub given: Given,
    pub stage: Option<Stage>,
    pub time_zone: Option<Zone>,
    pub tags: BTreeSet<Tag>,
    pub data: BTreeMap<DataKey, DataValue>,
}

/// What became of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All lines.
    pub lines: u64,
    /// Made a contact.
    pub created: u64,
    /// Gave a contact something that it had not.
    pub filled: u64,
    /// Said what was known.
    pub unchanged: u64,
    /// Were not taken.
    pub refused: u64,
    /// Said something else than is known, which is kept for a person to settle; each of these also counts above.
    pub conflicts: u64,
}

impl Tally {
    #[must_use]
    pub fn with(self, more: Self) -> Self {
        Self {
            lines: self.lines + more.lines,
            created: self.created + more.created,
            filled: self.filled + more.filled,
            unchanged: self.unchanged + more.unchanged,
            refused: self.refused + more.refused,
            conflicts: self.conflicts + more.conflicts,
        }
    }
}
