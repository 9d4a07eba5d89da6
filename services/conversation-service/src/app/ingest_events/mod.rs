//! Events of other systems, from NATS and from HTTP: checked one by one, written in one transaction.

mod capture;
mod check;
mod write;

pub(super) use check::{CallEnded, CardTold, of_customer};
pub(super) use write::remember;

use super::{App, retry};
use crate::domain::ingest::{Event, Key};
use domain::{IntegrationId, WorkspaceId};
use events::cloudevent::{IngestData, IngestEvent};
use fault::{Fault, Kind, Result};
use std::collections::HashMap;
use store::Tenure;

/// An event as it came, with who sent it. The sender comes from the subject or the token, never from the event.
#[derive(Debug, Clone)]
pub struct Submitted {
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    pub event: IngestEvent,
}

impl Submitted {
    /// It is about something that no reference names, and taken by itself.
    fn is_single(&self) -> bool {
        matches!(self.event.data, IngestData::CallEnded(_) | IngestData::CardOutcome(_))
    }
}

impl App {
    /// Takes events in their order and answers each after the commit: accepted (now, or before with the same
    /// content), or why not. One bad event does not spoil the others. With a tenure nothing is written after it: what
    /// comes from a stream comes to one replica at a time.
    pub async fn ingest_events(&self, submitted: Vec<Submitted>, tenure: Option<&Tenure>) -> Vec<Result<()>> {
        let mut outcomes = Vec::with_capacity(submitted.len());
        // In their order: what comes after a call may be said in the conversation that it opens.
        for run in runs(submitted) {
            outcomes.extend(match run.first().is_some_and(Submitted::is_single) {
                true => self.ingest_singles(run, tenure).await,
                false => self.ingest_others(run, tenure).await,
            });
        }
        outcomes
    }

    /// Calls, one by one: each may open a conversation, or go on in one that no reference names. And what came of cards.
    async fn ingest_singles(&self, submitted: Vec<Submitted>, tenure: Option<&Tenure>) -> Vec<Result<()>> {
        let mut outcomes = Vec::with_capacity(submitted.len());
        for one in submitted {
            outcomes.push(self.ingest_single(one, tenure).await);
        }
        outcomes
    }

    async fn ingest_single(&self, one: Submitted, tenure: Option<&Tenure>) -> Result<()> {
        let now = self.now();
        if matches!(one.event.data, IngestData::CardOutcome(_)) {
            return self.note_card_outcome(check::check_card(one, now)?, tenure).await;
        }
        self.record_call(check::check_call(one, now)?, tenure).await
    }

    async fn ingest_others(&self, submitted: Vec<Submitted>, tenure: Option<&Tenure>) -> Vec<Result<()>> {
        let now = self.now();
        let checked: Vec<Result<Event>> = submitted
            .into_iter()
            .map(|one| check::check(one, now, self.store.entropy()))
            .collect();
        let captured = self.capture_customers(checked).await;
        let mut outcomes: Vec<Option<Result<()>>> = Vec::with_capacity(captured.len());
        let mut good = Vec::with_capacity(captured.len());
        for one in captured {
            match one {
                Ok(event) => {
                    good.push(event);
                    outcomes.push(None);
                }
                Err(fault) => outcomes.push(Some(Err(fault))),
            }
        }
        let mut written = self.write_all(&good, tenure).await.into_iter();
        outcomes
            .into_iter()
            .map(|outcome| {
                outcome
                    .or_else(|| written.next())
                    .expect("one outcome per written event")
            })
            .collect()
    }

    /// All at once; if that fails for a reason that one event may have caused, one by one.
    async fn write_all(&self, events: &[Event], tenure: Option<&Tenure>) -> Vec<Result<()>> {
        if events.is_empty() {
            return Vec::new();
        }
        match retry(|| self.write(events, tenure)).await {
            Ok(outcomes) => outcomes,
            Err(fault) if events.len() > 1 && !is_away(&fault) => {
                tracing::warn!(
                    events = events.len(),
                    "a batch failed, trying its events one by one: {}",
                    fault.chain()
                );
                self.write_each(events, tenure).await
            }
            Err(fault) => events.iter().map(|_| Err(same(&fault))).collect(),
        }
    }

    /// One by one. What follows an event that has to wait waits too.
    async fn write_each(&self, events: &[Event], tenure: Option<&Tenure>) -> Vec<Result<()>> {
        let mut outcomes = Vec::with_capacity(events.len());
        let mut waiting: HashMap<Key, Fault> = HashMap::new();
        for event in events {
            let key = event.key(&event.reference);
            if let Some(fault) = waiting.get(&key) {
                outcomes.push(Err(same(fault)));
                continue;
            }
            match retry(|| self.write(std::slice::from_ref(event), tenure)).await {
                Ok(outcome) => outcomes.extend(outcome),
                Err(fault) => {
                    if is_away(&fault) || fault.kind() == Kind::Conflict {
                        waiting.insert(key, same(&fault));
                    }
                    outcomes.push(Err(fault));
                }
            }
        }
        outcomes
    }
}

/// Events one after the other that are all taken by themselves, or all none.
fn runs(submitted: Vec<Submitted>) -> Vec<Vec<Submitted>> {
    let mut runs: Vec<Vec<Submitted>> = Vec::new();
    for one in submitted {
        match runs.last_mut() {
            Some(run) if run.first().is_some_and(|first| first.is_single() == one.is_single()) => run.push(one),
            _ => runs.push(vec![one]),
        }
    }
    runs
}

fn is_away(fault: &Fault) -> bool {
    matches!(fault.kind(), Kind::Unavailable | Kind::Timeout | Kind::RateLimited)
}

/// The same fault again, for each event that it concerns.
fn same(fault: &Fault) -> Fault {
    let copy = Fault::new(fault.code(), fault.public()).because(fault.chain());
    match fault.field() {
        Some(field) => copy.of(field),
        None => copy,
    }
}
