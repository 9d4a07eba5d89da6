use super::Pace;
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
    pub(crate) pace: Pace,
    /// The team's opening hours say that it is closed.
    pub(crate) is_closed: bool,
    /// When it opens, if that is known.
    pub(crate) opens_at: Option<Timestamp>,
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
