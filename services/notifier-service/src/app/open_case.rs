//! The one place where a case is read under its lock, settled, and written back with everything that follows from it.

use super::hand_over::Handed;
use super::timeline::{entry, evidence};
use super::{App, kind};
use crate::domain::{Case, Conversation, Effect, FollowUp, Fresh, Ids, Move, Step, Turn, confirmation};
use crate::outbound::postgres::delivery::Delivery;
use crate::outbound::postgres::follow_up::{Row, Trace};
use crate::outbound::postgres::timeline::Entry;
use crate::outbound::postgres::{case, channel, conversation, delivery, follow_up, presence, timeline};
use domain::{ConversationId, DeliveryId, FollowUpId, Timestamp, WorkspaceId};
use events::event::{DeliveryFailed, FollowUpEnd, FollowUpEnded, FollowUpStarted};
use events::stamp;
use fault::{Fault, Result, codes};
use std::collections::BTreeMap;
use store::Tx;
use tracing::Span;

/// Why a case is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A fact came: what is armed now continues its trace.
    Fact,
    /// Our own doing.
    Own,
    /// The follow-up's timer, whose lease ends with this.
    Timer,
}

/// A case under its conversation's lock.
pub(crate) struct OpenCase {
    pub workspace: WorkspaceId,
    pub conversation: ConversationId,
    pub now: Timestamp,
    pub case: Case,
    before: Case,
    /// Of the newest follow-up.
    trace: Option<Trace>,
    /// Lines of the history that are written when the case is settled.
    pub lines: Vec<Entry>,
    /// The earliest deadline that this transaction arms.
    pub armed: Option<Timestamp>,
    /// What it decided to send.
    pub handed: Vec<Handed>,
}

impl OpenCase {
    /// A deadline that the timers are told of once it is committed.
    pub fn arm(&mut self, due_at: Option<Timestamp>) {
        self.armed = match (self.armed, due_at) {
            (Some(armed), Some(due_at)) => Some(armed.min(due_at)),
            (armed, due_at) => armed.or(due_at),
        };
    }

    /// Writes a delivery of this conversation back. `keep_lease`: whoever holds it goes on with it.
    pub async fn save_delivery(&mut self, tx: &mut Tx, row: &Delivery, keep_lease: bool) -> Result<()> {
        if !keep_lease {
            self.arm(row.due_at);
        }
        delivery::save_delivery(tx, &self.workspace, row, keep_lease).await
    }

    async fn save_follow_up(&mut self, tx: &mut Tx, follow_up: FollowUp, trace: Trace) -> Result<()> {
        self.arm(follow_up.due_at);
        let row = Row {
            follow_up,
            conversation: self.conversation,
            trace,
        };
        follow_up::save_follow_up(tx, &self.workspace, &row).await
    }
}

impl App {
    /// Locks a conversation and reads everything a decision about it is made from.
    pub(crate) async fn open_case(&self, tx: &mut Tx, workspace: &WorkspaceId, id: ConversationId) -> Result<OpenCase> {
        Ok(self.open(tx, workspace, id, None).await?.0)
    }

    /// The same for the conversation of a delivery that was seen, with the delivery as it is under the lock.
    pub(crate) async fn open_delivery(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        seen: &Delivery,
    ) -> Result<(OpenCase, Delivery)> {
        let (open, row) = self.open(tx, workspace, seen.conversation, Some(seen.id)).await?;
        let row = row.ok_or_else(|| Fault::internal(format!("delivery {} is gone", seen.id)))?;
        Ok((open, row))
    }

    async fn open(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: ConversationId,
        delivery: Option<DeliveryId>,
    ) -> Result<(OpenCase, Option<Delivery>)> {
        let (mut conversation, history) = conversation::lock_conversation(tx, workspace, id).await?;
        let (channel, visitor) = match &conversation.started {
            Some(started) => (Some(started.channel.clone()), started.visitor),
            None => (None, None),
        };
        let key = case::Key {
            conversation: id,
            channel: channel.as_ref(),
            visitor,
            delivery,
        };
        let mut rest = case::read_rest(tx, workspace, &key).await?;
        if !rest.is_placed(&key) {
            if let Some(channel) = &channel {
                channel::keep_channel(tx, workspace, channel).await?;
            }
            if let Some(visitor) = visitor {
                presence::keep_visitor(tx, workspace, visitor).await?;
            }
            // Told of in between: what was told is there now.
            rest = case::read_rest(tx, workspace, &key).await?;
        }
        conversation.answers = rest.answers;
        let settings = rest.settings;
        let (follow_up, trace) = rest.follow_up.map(|row| (row.follow_up, row.trace)).unzip();
        let case = Case {
            timing: settings.as_ref().map(|settings| settings.timing(self.time_scale)),
            settings,
            conversation,
            presence: rest.presence.unwrap_or_default(),
            history,
            follow_up,
            heard: None,
            closed: None,
        };
        let open = OpenCase {
            workspace: workspace.clone(),
            conversation: id,
            now: self.now(),
            before: case.clone(),
            case,
            trace,
            lines: Vec::new(),
            armed: None,
            handed: Vec::new(),
        };
        Ok((open, rest.delivery))
    }

    /// Folds something into a conversation and does what follows, in one transaction.
    pub(crate) async fn fold(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        fold: impl FnOnce(&mut Conversation),
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let mut open = self.open_case(&mut tx, workspace, id).await?;
        fold(&mut open.case.conversation);
        if open.case.conversation.started != open.before.conversation.started {
            // The channel and the visitor are known only now: read what is known of them.
            save(&mut tx, &open).await?;
            open = self.open_case(&mut tx, workspace, id).await?;
        }
        self.settle_case(&mut tx, &mut open, None, Cause::Fact).await?;
        self.commit(tx, open).await
    }

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
        let here = Trace {
            parent: rpc::traceparent(&Span::current()),
            at: open.now,
        };
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
        let confirmation = self.confirm(tx, open, here).await?;
        open.lines.extend(confirmation);
        timeline::add_entries(tx, &open.workspace, open.conversation, &std::mem::take(&mut open.lines)).await
    }

    /// Adds the confirmation of a conversation that is to have one and has none.
    async fn confirm(&self, tx: &mut Tx, open: &mut OpenCase, trace: Trace) -> Result<Option<Entry>> {
        let (conversation, now) = (open.conversation, open.now);
        if !confirmation::is_due(&open.case, now) || delivery::is_confirmed(tx, &open.workspace, conversation).await? {
            return Ok(None);
        }
        let id = DeliveryId::generate(self.store.entropy());
        let row = Delivery::new(id, conversation, None, Step::Text, trace, now);
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
                let row = Delivery::new(id, conversation, Some(follow_up), step, trace, now);
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
                record_end(tx, open, follow_up, &causes);
                seen.insert("causes".into(), causes.words().join(","));
                entry(now, "ended", Some(follow_up), None, seen)
            }
        })
    }
}

fn record_end(tx: &mut Tx, open: &OpenCase, id: FollowUpId, causes: &crate::domain::Causes) {
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

/// The wire's word for an end.
pub(crate) fn end_on_wire(end: crate::domain::End) -> FollowUpEnd {
    use crate::domain::End;
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
    }
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
        record_failed(tx, &open.workspace, &row, now);
    }
    Ok(())
}

/// Says that nothing of this delivery was accepted: its hold is released.
pub(crate) fn record_failed(tx: &mut Tx, workspace: &WorkspaceId, row: &Delivery, now: Timestamp) {
    tx.record(
        workspace,
        &DeliveryFailed {
            delivery: row.id.to_string(),
            follow_up: row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
            conversation: row.conversation.to_string(),
            kind: kind(row.step).into(),
            reason: row.reason.clone(),
            at: Some(stamp(now)),
        },
    );
}

/// Writes the folded part back, as far as it changed.
async fn save(tx: &mut Tx, open: &OpenCase) -> Result<()> {
    let OpenCase {
        workspace,
        conversation: id,
        case,
        before,
        ..
    } = open;
    let (now, was) = (&case.conversation, &before.conversation);
    let known = |fold: &Conversation| Conversation {
        answers: BTreeMap::new(),
        ..fold.clone()
    };
    if known(now) != known(was) || case.history != before.history {
        conversation::save_conversation(tx, workspace, *id, now, &case.history).await?;
    }
    if now.mark() > was.mark() && !was.answers.is_empty() {
        conversation::drop_answers(tx, workspace, *id, now.mark()).await?;
    }
    for (seq, answer) in &now.answers {
        if !was.answers.contains_key(seq) {
            conversation::add_answer(tx, workspace, *id, *seq, answer).await?;
        }
    }
    Ok(())
}
