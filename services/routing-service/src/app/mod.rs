//! Use cases: one file each, named like the rpc. They load, decide with `domain`, and write state and facts in one
//! transaction.

mod list_agents;
mod note_console;
mod set_agent_availability;

use crate::domain::PageSize;
use crate::outbound::Conversations;
use ::domain::Timestamp;
use fault::Result;
use store::Store;

/// Everything a use case needs of the outside.
#[derive(Debug, Clone)]
pub(crate) struct App {
    store: Store,
    conversations: Conversations,
    page_size: PageSize,
}

impl App {
    pub(crate) fn new(store: Store, conversations: Conversations, page_size: PageSize) -> Self {
        Self {
            store,
            conversations,
            page_size,
        }
    }

    /// The size of a page as the caller named it; 0: as it is set.
    pub(crate) fn page_size(&self, asked: u32) -> Result<PageSize> {
        match asked {
            0 => Ok(self.page_size),
            size => Ok(PageSize::new(size)?),
        }
    }

    /// The present, as exactly as the database keeps it: what is answered now and what is read later are equal.
    fn now(&self) -> Timestamp {
        let now = self.store.clock().now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}
