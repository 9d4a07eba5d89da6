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

    /// How much is read for a page: one more than it holds tells whether there is another.
    pub(crate) fn limit(self) -> i64 {
        i64::from(self.0) + 1
    }

    /// Cuts what was read to the page; its last entry, if there is another page.
    pub(crate) fn cut<T>(self, page: &mut Vec<T>) -> Option<&T> {
        let size = self.0 as usize;
        let more = page.len() > size;
        page.truncate(size);
        page.last().filter(|_| more)
    }
}
