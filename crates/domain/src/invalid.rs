use thiserror::Error;

/// A value that cannot be what it claims to be. Names the field and says how to mend it; never repeats the value,
/// which may be personal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {remedy}")]
pub struct Invalid {
    /// Name of the field as callers know it.
    pub field: &'static str,
    /// What is wrong and what to do, one clause.
    pub remedy: String,
}

impl Invalid {
    pub fn new(field: &'static str, remedy: impl Into<String>) -> Self {
        Self {
            field,
            remedy: remedy.into(),
        }
    }

    /// The same complaint under the name by which the caller knows the field.
    #[must_use]
    pub fn of(self, field: &'static str) -> Self {
        Self { field, ..self }
    }
}
