//! What is wrong within a document, by the place where it stands.

use domain::Invalid;
use std::fmt::Display;

/// A document that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// As in `steps[1].text`; items of a list count from 0.
    pub field: String,
    pub remedy: String,
}

impl Refused {
    pub fn new(field: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            remedy: remedy.into(),
        }
    }

    /// A complaint about a part of the document, under the part's own place.
    pub fn within(place: impl Display, part: Invalid) -> Self {
        Self::new(format!("{place}.{}", part.field), part.remedy)
    }
}

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Self::new(invalid.field, invalid.remedy)
    }
}
