//! Settling a case: what the domain decides, as rows, facts and history in one transaction.

use super::open_case::{Cause, OpenCase, save};
use super::timeline::{entry, evidence};
use super::{App, kind};
use crate::domain::{Causes, Effect, End, Fresh, Ids, Move, Purpose, Step, Turn, confirmation};
use crate::outbound::postgres::delivery::{self, Delivery};
use crate::outbound::postgres::follow_up::Trace;
use crate::outbound::postgres::timeline::{self, Entry};
use domain::{DeliveryId, FollowUpId, Timestamp, WorkspaceId};
use events::event::{DeliveryFailed, FollowUpEnd, FollowUpEnded, FollowUpStarted};
use events::stamp;
use fault::{Fault, Result, codes};
use store::Tx;

impl App {
    /// Settles a case and writes everything back; the caller commits by [`App::commit`].
    pub(crate) async fn settle_case(
        &self,
        tx: &mut Tx,
        open: &mut OpenCase,
        fresh: Option<Fresh>,
        cause: Cause,
    ) -> Result<()> {
        let ids = Ids {
            follow_up: FollowUpId::generate(self.store.entropy()),
            delivery: DeliveryId::generate(self.store.entropy()),
        };
        let effects = open.case.settle(fresh, ids, open.now);
        let arms = |effect: &Effect| matches!(effect, Effect::Armed { .. } | Effect::Send { .. });
        let here = Trace::here(open.now);
        let earlier = open.trace.clone();
        let opened = effects.iter().any(|effect| matches!(effect, Effect::Opened(_)));
        if opened || (cause == Cause::Fact && effects.iter().any(arms)) {
            open.trace = Some(here.clone());
        }
        save(tx, open).await?;
        if let Some(closed) = open.case.closed.take() {
            open.save_follow_up(tx, closed, earlier.unwrap_or_else(|| here.clone()))
                .await?;
        }
        let changed = open.case.follow_up != open.before.follow_up || cause == Cause::Timer;
        if let Some(newest) = open.case.follow_up.clone().filter(|_| changed) {
            let trace = open.trace.clone().unwrap_or_else(|| here.clone());
            open.save_follow_up(tx, newest, trace).await?;
        }
        for effect in effects {
            let line = self.write(tx, open, effect, &here).await?;
            open.lines.push(line);
        }
        let confirmation = self.confirm(tx, open, here.clone()).await?;
        open.lines.extend(confirmation);
        let copy = self.add_copy_at_end(tx, open, here).await?;
        open.lines.extend(copy);
        timeline::add_entries(tx, &open.workspace, open.conversation, &std::mem::take(&mut open.lines)).await
    }

    /// Adds the confirmation of a conversation that is to have one and has none.
    async fn confirm(&self, tx: &mut Tx, open: &mut OpenCase, trace: Trace) -> Result<Option<Entry>> {
        let (conversation, now) = (open.conversation, open.now);
        if !confirmation::is_due(&open.case, now) || delivery::is_confirmed(tx, &open.workspace, conversation).await? {
            return Ok(None);
        }
        let id = DeliveryId::generate(self.store.entropy());
        let row = Delivery::new(id, conversation, Purpose::Confirmation, Step::Text, trace, now);
        let added = self.add_delivery(tx, open, row).await?;
        Ok(added.then(|| entry(now, "confirmation due", None, Some(id), evidence(&open.case))))
    }

    async fn write(&self, tx: &mut Tx, open: &mut OpenCase, effect: Effect, here: &Trace) -> Result<Entry> {
        let (now, conversation) = (open.now, open.conversation);
        let mut seen = evidence(&open.case);
        Ok(match effect {
            Effect::Opened(id) => {
                let from_seq = open.case.follow_up.as_ref().map_or(0, |follow_up| follow_up.from_seq);
                tx.record(
                    &open.workspace,
                    &FollowUpStarted {
                        follow_up: id.to_string(),
                        conversation: conversation.to_string(),
                        from_seq,
                        at: Some(stamp(now)),
                    },
                );
                entry(now, "opened", Some(id), None, seen)
            }
            Effect::Armed {
                follow_up,
                until,
                why,
                again,
            } => {
                seen.insert("why".into(), why.word().into());
                seen.extend(until.map(|until| ("until".to_owned(), until.to_string())));
                let what = if again { "armed again" } else { "armed" };
                entry(now, what, Some(follow_up), None, seen)
            }
            Effect::Send {
                follow_up,
                step,
                delivery: id,
            } => {
                let trace = open.trace.clone().unwrap_or_else(|| here.clone());
                let fresh = Delivery::new(id, conversation, Purpose::FollowUp, step, trace, now);
                let row = Delivery {
                    follow_up: Some(follow_up),
                    ..fresh
                };
                self.add_delivery(tx, open, row).await?;
                seen.insert("step".into(), step.word().into());
                entry(now, "due", Some(follow_up), Some(id), seen)
            }
            Effect::Cancel {
                follow_up,
                step,
                delivery: id,
            } => {
                cancel(tx, open, id).await?;
                seen.insert("step".into(), step.word().into());
                entry(now, "cancelled", Some(follow_up), Some(id), seen)
            }
            Effect::Ended { follow_up, causes } => {
                open.ended.extend(causes.strongest());
                record_end(tx, open, follow_up, &causes);
                seen.insert("causes".into(), causes.words().join(","));
                entry(now, "ended", Some(follow_up), None, seen)
            }
        })
    }
}

fn record_end(tx: &mut Tx, open: &OpenCase, id: FollowUpId, causes: &Causes) {
    // When one made room for the next, the case holds the next; the ended one's range is what was covered.
    let (from_seq, to_seq) = match &open.case.follow_up {
        Some(newest) if newest.id == id => (newest.from_seq, newest.to_seq),
        _ => open
            .before
            .follow_up
            .as_ref()
            .map_or((0, 0), |ended| (ended.from_seq, ended.to_seq)),
    };
    let reason = causes.strongest().map_or(FollowUpEnd::Unspecified, end_on_wire);
    tx.record(
        &open.workspace,
        &FollowUpEnded {
            follow_up: id.to_string(),
            conversation: open.conversation.to_string(),
            from_seq,
            to_seq,
            reason: reason.into(),
            causes: causes.iter().map(|end| end_on_wire(end).into()).collect(),
            at: Some(stamp(open.now)),
        },
    );
}

/// Takes a delivery back before its attempt, and tells billing to release what it may hold.
async fn cancel(tx: &mut Tx, open: &mut OpenCase, id: DeliveryId) -> Result<()> {
    let now = open.now;
    let Some(mut row) = delivery::read_delivery(tx, &open.workspace, id).await? else {
        return Err(Fault::internal(format!("delivery {id} is gone")));
    };
    if let Ok(Move::To(status)) = row.status.take(Turn::Cancel, row.attempts > 0) {
        (row.status, row.status_at, row.due_at) = (status, now, None);
        row.reason = codes::CANCELLED.name.into();
        open.save_delivery(tx, &row, false).await?;
        open.count(&row, "cancelled");
        record_failed(tx, &open.workspace, &row, now);
    }
    Ok(())
}

/// The wire's word for an end.
pub(crate) fn end_on_wire(end: End) -> FollowUpEnd {
    match end {
        End::Replied => FollowUpEnd::Replied,
        End::Returned => FollowUpEnd::Returned,
        End::Read => FollowUpEnd::Read,
        End::Exhausted => FollowUpEnd::Exhausted,
        End::Superseded => FollowUpEnd::Superseded,
        End::NoAddress => FollowUpEnd::NoAddress,
        End::SwitchedOff => FollowUpEnd::SwitchedOff,
        End::Marked => FollowUpEnd::Marked,
        End::AgentOpened => FollowUpEnd::AgentOpened,
        End::TooOld => FollowUpEnd::TooOld,
        End::NoPresence => FollowUpEnd::NoPresence,
        End::Erased => FollowUpEnd::Erased,
    }
}

/// Says that nothing of this delivery was accepted: its hold is released.
pub(crate) fn record_failed(tx: &mut Tx, workspace: &WorkspaceId, row: &Delivery, now: Timestamp) {
    tx.record(
        workspace,
        &DeliveryFailed {
            delivery: row.id.to_string(),
            follow_up: row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
            conversation: row.conversation.to_string(),
            kind: kind(row).into(),
            reason: row.reason.clone(),
            at: Some(stamp(now)),
            seq: row.seq,
        },
    );
}
