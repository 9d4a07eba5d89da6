use crate::domain::End;
use domain::{ConversationId, WorkspaceId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A message to the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    Text,
    Mail,
    Confirmation,
}

/// One message that went out, or would have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    pub at: Timestamp,
    pub workspace: WorkspaceId,
    pub conversation: ConversationId,
    pub message: Message,
}

/// What a text and a mail cost, micro-PU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Prices {
    pub text: Option<i64>,
    pub mail: Option<i64>,
}

/// What was, or would have been, sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    pub follow_ups: u64,
    /// Oldest first.
    pub sent: Vec<Sent>,
    /// Messages that the day's limit of their number or address kept back.
    pub over_limit: u64,
    /// How many follow-ups ended for which reason, by its word.
    pub ends: BTreeMap<&'static str, u64>,
    /// Follow-ups that have not ended when the recording does.
    pub open: u64,
    /// Conversations that are left out: they began before the recording, or in a channel that it does not tell of.
    pub left_out: u64,
    /// From the first unread answer to the first message of a follow-up, milliseconds, one per follow-up that sent.
    #[serde(skip)]
    pub(super) waits: Vec<i64>,
}

impl Tally {
    pub fn count(&self, message: Message) -> u64 {
        self.sent.iter().filter(|sent| sent.message == message).count() as u64
    }

    /// Conversations that a text or mail followed up.
    pub fn reached(&self) -> usize {
        let followed = self.sent.iter().filter(|sent| sent.message != Message::Confirmation);
        followed
            .map(|sent| (&sent.workspace, sent.conversation.0))
            .collect::<BTreeSet<_>>()
            .len()
    }

    /// The median time from an answer to the first message about it.
    pub fn median_wait(&self) -> Option<SignedDuration> {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied().map(SignedDuration::from_millis)
    }

    /// Micro-PU at these prices; `None` where something was sent that has none.
    pub fn cost(&self, prices: Prices) -> Option<i64> {
        let cost = |count: u64, price: Option<i64>| match count {
            0 => Some(0),
            count => price.and_then(|price| price.checked_mul(i64::try_from(count).ok()?)),
        };
        let texts = self.count(Message::Text) + self.count(Message::Confirmation);
        cost(texts, prices.text)?.checked_add(cost(self.count(Message::Mail), prices.mail)?)
    }

    pub(super) fn end(&mut self, end: End) {
        *self.ends.entry(end.word()).or_default() += 1;
    }
}
