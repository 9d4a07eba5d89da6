use ::domain::Timestamp;

/// Whether a team is open, as conversation-service tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) is_open: bool,
    /// Until when it stays so, if that is known.
    pub(crate) until: Option<Timestamp>,
    /// Of the hours that say so: the higher one is the later word.
    pub(crate) version: u64,
}
