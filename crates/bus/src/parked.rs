//! Messages set aside while what they need is away, in lines: one per partition, each in the order of the stream.

use async_nats::jetstream::Message;
use events::Received;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// What a writer may keep of payloads that wait.
const BYTES: usize = 32 * 1024 * 1024;
/// Tried at a time while nothing gets through.
const PROBE: usize = 32;

/// One message on its way through a writer.
pub(crate) struct Item {
    pub(crate) partition: u64,
    pub(crate) message: Message,
    pub(crate) received: Received,
}

/// The lines of one writer.
pub(crate) struct Parked {
    lines: HashMap<u64, VecDeque<Item>>,
    /// Partitions with a line, in the order in which they are tried.
    turn: VecDeque<u64>,
    count: usize,
    bytes: usize,
    limit: usize,
    /// Rounds in which nothing got through.
    rounds: u32,
    /// When to try again.
    pub(crate) due: Instant,
}

impl Parked {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            lines: HashMap::new(),
            turn: VecDeque::new(),
            count: 0,
            bytes: 0,
            limit,
            rounds: 0,
            due: Instant::now(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// False: nothing more should be asked for before something gets through.
    pub(crate) fn has_room(&self) -> bool {
        self.count < self.limit && self.bytes < BYTES
    }

    /// Does a message of this partition have to stand in line?
    pub(crate) fn holds_up(&self, partition: u64) -> bool {
        self.count > 0 && self.lines.contains_key(&partition)
    }

    /// At the end of its line.
    pub(crate) fn push(&mut self, item: Item) {
        self.count += 1;
        self.bytes += item.message.payload.len();
        let line = self.lines.entry(item.partition).or_default();
        if line.is_empty() {
            self.turn.push_back(item.partition);
        }
        line.push_back(item);
    }

    /// The next ones to try, whole lines as far as they fit; they still count until [`Parked::done`].
    pub(crate) fn take(&mut self, batch: usize) -> Vec<Item> {
        let most = if self.rounds > 0 { batch.min(PROBE) } else { batch };
        let mut taken = Vec::with_capacity(most.min(self.count));
        for partition in &self.turn {
            let Some(line) = self.lines.get_mut(partition) else {
                continue;
            };
            let fits = line.len().min(most - taken.len());
            taken.extend(line.drain(..fits));
            if taken.len() == most {
                break;
            }
        }
        taken
    }

    /// After a try of what was taken: `tried` partitions of theirs go to the end of the turn, what is `left` of them back to
    /// the front of its line, and the next try follows after `pause` (of as many rounds as nothing got through).
    pub(crate) fn done(&mut self, tried: &[(u64, usize)], left: Vec<Item>, pause: impl Fn(u32) -> Duration) {
        let through = tried.len() > left.len();
        for (_, bytes) in tried {
            self.count -= 1;
            self.bytes -= bytes;
        }
        for item in left.into_iter().rev() {
            self.count += 1;
            self.bytes += item.message.payload.len();
            self.lines.entry(item.partition).or_default().push_front(item);
        }
        self.lines.retain(|_, line| !line.is_empty());
        let later: HashSet<u64> = tried.iter().map(|(partition, _)| *partition).collect();
        self.turn.retain(|partition| !later.contains(partition));
        self.turn
            .extend(later.into_iter().filter(|partition| self.lines.contains_key(partition)));
        self.rounds = if through { 0 } else { self.rounds + 1 };
        self.due = Instant::now() + if through { Duration::ZERO } else { pause(self.rounds) };
    }

    /// Everything that waits, in no particular order of lines.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Message> {
        self.lines.values().flatten().map(|item| &item.message)
    }
}
