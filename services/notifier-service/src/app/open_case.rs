//! The one place where a case is read under its lock, and what was folded into it is written back.

use super::App;
use super::hand_over::Handed;
use crate::domain::{Case, Conversation, End, FollowUp};
use crate::metrics::Turned;
use crate::outbound::postgres::delivery::Delivery;
use crate::outbound::postgres::follow_up::{Row, Trace};
use crate::outbound::postgres::timeline::Entry;
use crate::outbound::postgres::{case, channel, conversation, delivery, follow_up, presence};
use domain::{ConversationId, DeliveryId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use std::collections::BTreeMap;
use store::Tx;

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
    /// As it was read.
    pub before: Case,
    /// Of the newest follow-up.
    pub trace: Option<Trace>,
    /// Lines of the history that are written when the case is settled.
    pub lines: Vec<Entry>,
    /// The earliest deadline that this transaction arms.
    pub armed: Option<Timestamp>,
    /// What it decided to send.
    pub handed: Vec<Handed>,
    /// What is counted once it is committed.
    pub turned: Vec<Turned>,
    pub ended: Vec<End>,
}

impl OpenCase {
    /// A deadline that the timers are told of once it is committed.
    pub fn arm(&mut self, due_at: Option<Timestamp>) {
        self.armed = match (self.armed, due_at) {
            (Some(armed), Some(due_at)) => Some(armed.min(due_at)),
            (armed, due_at) => armed.or(due_at),
        };
    }

    /// A turn of a delivery, for the metrics.
    pub fn count(&mut self, row: &Delivery, what: &str) {
        self.turned.push(Turned {
            step: row.step,
            purpose: row.purpose,
            what: what.to_owned(),
        });
    }

    /// Writes a delivery of this conversation back. `keep_lease`: whoever holds it goes on with it.
    pub async fn save_delivery(&mut self, tx: &mut Tx, row: &Delivery, keep_lease: bool) -> Result<()> {
        if !keep_lease {
            self.arm(row.due_at);
        }
        delivery::save_delivery(tx, &self.workspace, row, keep_lease).await
    }

    /// Writes a follow-up of this conversation back.
    pub async fn save_follow_up(&mut self, tx: &mut Tx, follow_up: FollowUp, trace: Trace) -> Result<()> {
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
                presence::keep_visitor(tx, workspace, visitor, self.now()).await?;
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
            turned: Vec::new(),
            ended: Vec::new(),
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
}

/// Writes the folded part back, as far as it changed.
pub(crate) async fn save(tx: &mut Tx, open: &OpenCase) -> Result<()> {
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
