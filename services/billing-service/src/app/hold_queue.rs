use super::hold::HoldAnswer;
use crate::domain::Order;
use fault::Result;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// Holds in one transaction: far more than arrive while one commits, and few enough to commit at once.
const BATCH: usize = 256;

/// A call that waits for its hold.
#[derive(Debug)]
pub struct Waiting {
    pub order: Order,
    answer: oneshot::Sender<Result<HoldAnswer>>,
}

impl Waiting {
    pub fn new(order: Order) -> (Self, oneshot::Receiver<Result<HoldAnswer>>) {
        let (answer, answered) = oneshot::channel();
        (Self { order, answer }, answered)
    }

    /// Answers; a caller that is gone does not mind.
    pub fn answer(self, answer: Result<HoldAnswer>) {
        let _ = self.answer.send(answer);
    }
}

/// Calls that wait, of all workspaces.
#[derive(Debug, Default)]
pub struct HoldQueue {
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<Waiting>,
    /// Somebody calls `take` until it yields nothing.
    served: bool,
}

impl HoldQueue {
    /// Adds a call. True if nobody serves the line: then the caller sees to it that `take` is called until it yields
    /// nothing.
    pub fn push(&self, waiting: Waiting) -> bool {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.waiting.push(waiting);
        !std::mem::replace(&mut line.served, true)
    }

    /// The next batch, oldest first. `None`: nobody waits, and nobody serves the line any more.
    pub fn take(&self) -> Option<Vec<Waiting>> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if line.waiting.is_empty() {
            line.served = false;
            return None;
        }
        let size = line.waiting.len().min(BATCH);
        Some(line.waiting.drain(..size).collect())
    }
}
