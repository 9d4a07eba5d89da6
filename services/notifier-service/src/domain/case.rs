use crate::domain::{
    Causes, Conversation, Evidence, FollowUp, Fresh, History, Presence, Sent, Settings, State, Status, Step,
    StepRecord, Timing, Verdict, Why,
};
use domain::{DeliveryId, FollowUpId};
use jiff::Timestamp;

/// Everything known about one conversation, and its newest follow-up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Case {
    pub settings: Option<Settings>,
    pub timing: Option<Timing>,
    pub conversation: Conversation,
    pub presence: Presence,
    pub history: History,
    pub follow_up: Option<FollowUp>,
    /// An answer that this settling hears of for the first time: if it was read or replied to before we heard of it, a
    /// follow-up that ended at once says so.
    pub heard: Option<(u64, Timestamp)>,
    /// The one that made room for it, when settling opened a new one.
    pub closed: Option<FollowUp>,
}

/// Ids for what settling may create: at most one of each.
#[derive(Debug, Clone, Copy)]
pub struct Ids {
    pub follow_up: FollowUpId,
    pub delivery: DeliveryId,
}

/// What settling decided; the case already bears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Opened(FollowUpId),
    /// It waits for something else than before; `again`: it had ended.
    Armed {
        follow_up: FollowUpId,
        until: Option<Timestamp>,
        why: Why,
        again: bool,
    },
    /// A delivery of this step is to be made.
    Send {
        follow_up: FollowUpId,
        step: Step,
        delivery: DeliveryId,
    },
    /// A delivery that was not attempted yet is taken back.
    Cancel {
        follow_up: FollowUpId,
        step: Step,
        delivery: DeliveryId,
    },
    /// It ended, or more is known of why it did.
    Ended {
        follow_up: FollowUpId,
        causes: Causes,
    },
}

impl Case {
    /// Brings the follow-up into accord with everything known, and opens one where there is reason to.
    pub fn settle(&mut self, fresh: Option<Fresh>, ids: Ids, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.correct_key();
        if let Some(mut follow_up) = self.follow_up.take() {
            let verdict = self.evidence(fresh).verdict(&follow_up, now);
            apply(&mut follow_up, verdict, ids, now, &mut effects);
            self.follow_up = Some(follow_up);
        }
        let heard = self.heard.take();
        if let Some((from_seq, first_at)) = self.next_key().or_else(|| self.read_before(heard)) {
            let mut follow_up = FollowUp::new(ids.follow_up, from_seq, first_at, now);
            effects.push(Effect::Opened(follow_up.id));
            let verdict = self.evidence(fresh).verdict(&follow_up, now);
            apply(&mut follow_up, verdict, ids, now, &mut effects);
            self.closed = self.follow_up.replace(follow_up);
        }
        effects
    }

    /// Decides again about a delivery that is being checked, as if it had not been made.
    pub fn verdict_on(&self, step: Step, fresh: Fresh, now: Timestamp) -> Option<Verdict> {
        let mut follow_up = self.follow_up.clone()?;
        *follow_up.record_mut(step) = None;
        Some(self.evidence(Some(fresh)).verdict(&follow_up, now))
    }

    /// Notes what became of a step's delivery; `taken`: the provider was, or may have been, told.
    pub fn note_step(&mut self, step: Step, record: StepRecord, now: Timestamp) {
        let Some(mut follow_up) = self.follow_up.take() else {
            return;
        };
        *follow_up.record_mut(step) = Some(record);
        if record.status == Status::Attempting {
            (follow_up.state, follow_up.why) = (State::Running(step), None);
        }
        if record.attempted || record.status == Status::Failed {
            let newest = self
                .settings
                .as_ref()
                .and_then(|settings| self.conversation.unread_from(follow_up.from_seq, settings).last())
                .map_or(follow_up.from_seq, |(seq, _)| seq);
            if record.status == Status::Attempting || follow_up.to_seq == 0 {
                follow_up.to_seq = follow_up.to_seq.max(newest);
            }
            self.history.covered = self.history.covered.max(follow_up.to_seq);
        }
        if record.status == Status::Accepted {
            let to_seq = follow_up.to_seq;
            self.history.last_sent = Some(Sent { at: now, to_seq });
        }
        self.follow_up = Some(follow_up);
    }

    /// Notes that a delivery of the newest follow-up waits for something.
    pub fn note_postponed(&mut self, why: Why) {
        if let Some(follow_up) = &mut self.follow_up
            && matches!(
                why,
                Why::PresenceUnknown
                    | Why::MassLoss
                    | Why::OwnerAway
                    | Why::QuietHours
                    | Why::YoungSession
                    | Why::ProviderDown
            )
        {
            (follow_up.state, follow_up.why) = (State::Deferred, Some(why));
        }
    }

    fn evidence(&self, fresh: Option<Fresh>) -> Evidence<'_> {
        Evidence {
            settings: self.settings.as_ref(),
            timing: self.timing,
            conversation: &self.conversation,
            presence: &self.presence,
            fresh,
            history: self.history,
        }
    }

    /// The first unread answer that nothing told of yet.
    fn key(&self) -> Option<(u64, Timestamp)> {
        let settings = self.settings.as_ref().filter(|settings| settings.web)?;
        self.conversation.started.as_ref()?;
        self.conversation.first_beyond(self.history.covered, settings)
    }

    /// Facts may come in any order: while nothing was attempted and its first answer is unread, a follow-up is keyed
    /// by the first answer known now.
    fn correct_key(&mut self) {
        let Some((seq, at)) = self.key() else { return };
        let mark = self.conversation.mark();
        if let Some(follow_up) = self
            .follow_up
            .as_mut()
            .filter(|follow_up| follow_up.to_seq == 0 && mark < follow_up.from_seq)
        {
            follow_up.from_seq = seq;
            follow_up.first_at = at;
        }
    }

    /// An answer that was over before it was heard of.
    fn read_before(&self, heard: Option<(u64, Timestamp)>) -> Option<(u64, Timestamp)> {
        let mark = self.conversation.mark();
        let newer = |seq: u64| match &self.follow_up {
            Some(newest) => newest.state == State::Done && newest.from_seq < seq,
            None => true,
        };
        heard.filter(|(seq, _)| *seq <= mark && *seq > self.history.covered && newer(*seq))
    }

    fn next_key(&self) -> Option<(u64, Timestamp)> {
        match &self.follow_up {
            Some(open) if open.state != State::Done => None,
            Some(done) => self.key().filter(|(seq, _)| *seq > done.from_seq),
            None => self.key(),
        }
    }
}

fn apply(follow_up: &mut FollowUp, verdict: Verdict, ids: Ids, now: Timestamp, effects: &mut Vec<Effect>) {
    let id = follow_up.id;
    let was_done = follow_up.state == State::Done;
    match verdict {
        Verdict::Wait { until, why } => {
            let state = waiting(follow_up, why);
            if (follow_up.state, follow_up.why) != (state, Some(why)) {
                effects.push(Effect::Armed {
                    follow_up: id,
                    until,
                    why,
                    again: was_done,
                });
            }
            (follow_up.state, follow_up.why, follow_up.due_at) = (state, Some(why), until);
            follow_up.causes = Causes::default();
        }
        Verdict::Send(step) => {
            *follow_up.record_mut(step) = Some(StepRecord {
                delivery: ids.delivery,
                status: Status::Due,
                attempted: false,
                at: now,
            });
            (follow_up.state, follow_up.why, follow_up.due_at) = (State::Running(step), None, None);
            follow_up.causes = Causes::default();
            effects.push(Effect::Send {
                follow_up: id,
                step,
                delivery: ids.delivery,
            });
        }
        Verdict::UnderWay(step) => {
            if follow_up.state != State::Deferred {
                (follow_up.state, follow_up.why) = (State::Running(step), None);
            }
            follow_up.due_at = None;
            follow_up.causes = Causes::default();
        }
        Verdict::End(causes) => end(follow_up, &causes, was_done, now, effects),
    }
}

/// The state of a follow-up that waits.
fn waiting(follow_up: &FollowUp, why: Why) -> State {
    let taken = [Step::Mail, Step::Text].into_iter().find(|step| {
        follow_up
            .record(*step)
            .is_some_and(|record| record.status != Status::Cancelled)
    });
    match (why, taken) {
        (Why::PresenceUnknown | Why::MassLoss, _) => State::Deferred,
        (_, Some(step)) => State::Running(step),
        (_, None) => State::Watching,
    }
}

fn end(follow_up: &mut FollowUp, causes: &Causes, was_done: bool, now: Timestamp, effects: &mut Vec<Effect>) {
    let id = follow_up.id;
    for step in [Step::Text, Step::Mail] {
        if let Some(record) = follow_up
            .record_mut(step)
            .as_mut()
            .filter(|record| record.status.may_be_cancelled())
        {
            (record.status, record.at) = (Status::Cancelled, now);
            effects.push(Effect::Cancel {
                follow_up: id,
                step,
                delivery: record.delivery,
            });
        }
    }
    let told_more = follow_up.causes.join(causes);
    if told_more || !was_done {
        effects.push(Effect::Ended {
            follow_up: id,
            causes: follow_up.causes.clone(),
        });
    }
    (follow_up.state, follow_up.why, follow_up.due_at) = (State::Done, None, None);
}
