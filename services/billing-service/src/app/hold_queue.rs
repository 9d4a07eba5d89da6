use super::hold::HoldAnswer;
use crate::domain::Order;
use domain::WorkspaceId;
use fault::Result;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

    /// True of a caller that is gone.
    pub fn gave_up(&self) -> bool {
        self.answer.is_closed()
    }

    /// Answers; a caller that is gone does not mind.
    pub fn answer(self, answer: Result<HoldAnswer>) {
        let _ = self.answer.send(answer);
    }
}

/// Calls that wait: in one line for all workspaces, and apart from it those of a workspace that could not be served
/// with the others, for as long as any of them waits.
#[derive(Debug, Default)]
pub struct HoldQueue {
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    waiting: Vec<Waiting>,
    /// Somebody calls `take` until it yields nothing.
    served: bool,
    apart: HashMap<WorkspaceId, Vec<Waiting>>,
}

impl HoldQueue {
    /// Adds a call. True if nobody serves its line: then the caller sees to it that `take` is called until it yields
    /// nothing.
    pub fn push(&self, waiting: Waiting) -> bool {
        let mut lines = self.lines();
        if let Some(apart) = lines.apart.get_mut(&waiting.order.workspace) {
            apart.push(waiting);
            return false;
        }
        lines.waiting.push(waiting);
        !std::mem::replace(&mut lines.served, true)
    }

    /// The next batch of the line, oldest first. `None`: nobody waits, and nobody serves the line any more.
    pub fn take(&self) -> Option<Vec<Waiting>> {
        let mut lines = self.lines();
        let batch = next(&mut lines.waiting);
        if batch.is_none() {
            lines.served = false;
        }
        batch
    }

    /// Puts calls of one workspace apart. True if nobody serves them there: then the caller sees to it that `take_apart`
    /// is called until it yields nothing.
    pub fn put_apart(&self, workspace: &WorkspaceId, mut waiting: Vec<Waiting>) -> bool {
        let mut lines = self.lines();
        match lines.apart.get_mut(workspace) {
            Some(apart) => {
                apart.append(&mut waiting);
                false
            }
            None => {
                lines.apart.insert(workspace.clone(), waiting);
                true
            }
        }
    }

    /// The next batch of a workspace that is apart. `None`: nobody waits, and the workspace is back in the line.
    pub fn take_apart(&self, workspace: &WorkspaceId) -> Option<Vec<Waiting>> {
        let mut lines = self.lines();
        let batch = next(lines.apart.get_mut(workspace)?);
        if batch.is_none() {
            lines.apart.remove(workspace);
        }
        batch
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those who gave up are passed over.
fn next(waiting: &mut Vec<Waiting>) -> Option<Vec<Waiting>> {
    waiting.retain(|waiting| !waiting.gave_up());
    let size = waiting.len().min(BATCH);
    (size > 0).then(|| waiting.drain(..size).collect())
}
