use ::domain::Invalid;

/// Agents on a page at most.
const LARGEST: u32 = 500;

/// How many agents to list at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageSize(u32);

impl PageSize {
    pub(crate) fn new(agents: u32) -> Result<Self, Invalid> {
        if (1..=LARGEST).contains(&agents) {
            Ok(Self(agents))
        } else {
            Err(Invalid::new("page_size", "must be 1 to 500"))
        }
    }

    pub(crate) fn get(self) -> u32 {
        self.0
    }
}
