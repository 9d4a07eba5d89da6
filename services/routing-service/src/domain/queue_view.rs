use ::domain::{RequestId, Timestamp};
use std::collections::HashMap;

/// A team's queue as those who watch it see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct QueueView {
    pub(crate) alerted: u32,
    pub(crate) serving: u32,
    /// Agents of the team who could take a chat now.
    pub(crate) free_agents: u32,
    /// Since when the first of those that wait does.
    pub(crate) waiting_since: Option<Timestamp>,
    /// How long the last ones that were served waited, on average.
    pub(crate) wait_seconds: u32,
    positions: HashMap<RequestId, u32>,
}

impl QueueView {
    /// `waiting`: all of them, in their order.
    pub(crate) fn of_waiting(waiting: impl IntoIterator<Item = RequestId>) -> Self {
        Self {
            positions: waiting.into_iter().zip(1..).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn waiting(&self) -> u32 {
        u32::try_from(self.positions.len()).unwrap_or(u32::MAX)
    }

    /// 1 is the next one; `None` unless it waits here.
    pub(crate) fn position(&self, request: RequestId) -> Option<u32> {
        self.positions.get(&request).copied()
    }
}
