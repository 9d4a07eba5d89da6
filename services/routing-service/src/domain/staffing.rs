use ::domain::TeamId;

/// Whether a visitor of a website finds somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staffing {
    /// `None`: anybody of the workspace.
    pub(crate) team: Option<TeamId>,
    pub(crate) is_staffed: bool,
    /// 1, 2, 3 ... with each change.
    pub(crate) version: u64,
}
