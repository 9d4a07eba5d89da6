use super::hold::HoldAnswer;
use crate::domain::Terms;
use domain::{DeliveryId, WorkspaceId};
use fault::Result;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// Holds in one transaction: far more than arrive while one commits, and few enough to commit at once.
const BATCH: usize = 256;

/// A call that waits for its hold.
#[derive(Debug)]
pub struct Waiting {
    delivery: DeliveryId,
    terms: Terms,
    answer: oneshot::Sender<Result<HoldAnswer>>,
}

impl Waiting {
    pub fn new(delivery: DeliveryId, terms: Terms) -> (Self, oneshot::Receiver<Result<HoldAnswer>>) {
        let (answer, answered) = oneshot::channel();
        (
            Self {
                delivery,
                terms,
                answer,
            },
            answered,
        )
    }

    pub fn asked(&self) -> (DeliveryId, Terms) {
        (self.delivery, self.terms)
    }

    /// Answers; a caller that is gone does not mind.
    pub fn answer(self, answer: Result<HoldAnswer>) {
        let _ = self.answer.send(answer);
    }
}

/// Calls that wait, by workspace. A workspace has an entry while somebody serves it.
#[derive(Debug, Default)]
pub struct HoldQueue {
    waiting: Mutex<HashMap<WorkspaceId, Vec<Waiting>>>,
}

impl HoldQueue {
    /// Adds a call. True if nobody serves the workspace: then the caller sees to it that `take` is called until it
    /// yields nothing.
    pub fn push(&self, workspace: &WorkspaceId, waiting: Waiting) -> bool {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(workspace) {
            Some(served) => {
                served.push(waiting);
                false
            }
            None => {
                all.insert(workspace.clone(), vec![waiting]);
                true
            }
        }
    }

    /// The next batch, oldest first. `None`: nobody waits, and nobody serves the workspace any more.
    pub fn take(&self, workspace: &WorkspaceId) -> Option<Vec<Waiting>> {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = all.get_mut(workspace)?;
        if waiting.is_empty() {
            all.remove(workspace);
            return None;
        }
        let size = waiting.len().min(BATCH);
        Some(waiting.drain(..size).collect())
    }
}
