use super::{About, Agent, Assignee, Cause, Need, NewRequest};
use ::domain::{AgentId, ConversationId, RequestId, TeamId, Timestamp};
use events::event::{AssignmentCause, RequestState};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How far a request has come, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    /// Asked of one agent.
    Alerted {
        agent: AgentId,
        until: Timestamp,
    },
    Serving(Holder),
    /// Nobody is asked for: the visitor went, or it was given to nobody. An answer or an assignment begins it again.
    Done,
    /// The conversation was resolved; nothing more happens.
    Resolved,
}

impl From<&State> for RequestState {
    fn from(state: &State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Alerted { .. } => Self::Alerted,
            State::Serving(_) => Self::Serving,
            State::Done | State::Resolved => Self::Done,
        }
    }
}

/// Who serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    Agent(AgentId),
    Admin(AgentId),
}

impl Holder {
    pub(crate) fn agent(&self) -> &AgentId {
        match self {
            Self::Agent(agent) | Self::Admin(agent) => agent,
        }
    }
}

/// For one agent alone, until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) agent: AgentId,
    pub(crate) until: Timestamp,
}

/// An agent who was alerted in vain; they are asked again after that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pass {
    pub(crate) agent: AgentId,
    pub(crate) until: Timestamp,
    /// How often.
    pub(crate) times: u32,
    /// They said no, the last time; else they did not answer.
    pub(crate) is_declined: bool,
}

/// A chat that somebody is to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) need: Need,
    pub(crate) about: About,
    pub(crate) state: State,
    /// 0: it was served already, and went back to the front.
    pub(crate) priority: u8,
    pub(crate) waiting_since: Timestamp,
    pub(crate) alert_seconds: u32,
    pub(crate) kept: Option<Kept>,
    pub(crate) passes: Vec<Pass>,
    /// 1, 2, 3 ... with each change.
    pub(crate) version: u64,
    /// Who served it last.
    pub(crate) last_agent: Option<AgentId>,
    /// Since when.
    pub(crate) given_at: Option<Timestamp>,
    /// When somebody first served it out of the queue.
    pub(crate) served_at: Option<Timestamp>,
}

/// A change of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moved {
    /// `None`: it is new.
    pub(crate) before: Option<Request>,
    pub(crate) after: Request,
    /// `None`: who has it stays as it is.
    pub(crate) cause: Option<Cause>,
    /// Who did it; nobody in person if `None`.
    pub(crate) by: Option<AgentId>,
}

impl Moved {
    /// The agent who had it until now.
    pub(crate) fn taken_from(&self) -> Option<&AgentId> {
        let had = self.before.as_ref().and_then(Request::agent);
        had.filter(|had| self.after.agent() != Some(had))
    }

    /// The agent who got room.
    pub(crate) fn freed(&self) -> Option<&AgentId> {
        let had = self.before.as_ref().and_then(Request::counts_for);
        had.filter(|had| self.after.counts_for() != Some(had))
    }

    /// How long it waited until somebody first served it, if this is when.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let is_first = self.before.as_ref().is_some_and(|before| before.served_at.is_none());
        let served_at = self.after.served_at.filter(|_| is_first)?;
        Duration::try_from(served_at.duration_since(self.after.waiting_since)).ok()
    }

    /// The same, for whom it is kept being away: anybody may be asked.
    pub(crate) fn kept_for_nobody(mut self) -> Self {
        self.after.kept = None;
        self
    }

    /// As facts tell it.
    pub(crate) fn wire_cause(&self) -> AssignmentCause {
        self.cause.map_or(AssignmentCause::Unspecified, AssignmentCause::from)
    }
}

/// Why a request is not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The agent is not alerted (any more).
    AlertOver,
    /// The agent does not serve it.
    NotYours,
    /// Its conversation was resolved.
    Done,
}

/// Where a request stands in its queue: lower is served first.
pub(crate) type Place = (u8, Timestamp, RequestId);

impl Request {
    /// A request that comes into the queue, and waits.
    pub(crate) fn queued(id: RequestId, new: NewRequest, kept: Option<Kept>, now: Timestamp) -> Moved {
        let after = Self {
            state: State::Waiting,
            kept,
            version: 1,
            ..Self::unserved(id, new, now)
        };
        Moved {
            before: None,
            after,
            cause: Some(Cause::Queued),
            by: None,
        }
    }

    /// A conversation that was never in the queue, and that nobody has: version 0, which is not stored.
    pub(crate) fn unserved(id: RequestId, new: NewRequest, now: Timestamp) -> Self {
        Self {
            id,
            need: new.need,
            about: new.about,
            state: State::Done,
            priority: new.priority,
            waiting_since: now,
            alert_seconds: new.alert_seconds,
            kept: None,
            passes: Vec::new(),
            version: 0,
            last_agent: None,
            given_at: None,
            served_at: None,
        }
    }

    /// The one ordering of those that wait: positions and choices both come from it.
    pub(crate) fn place(&self) -> Place {
        (self.priority, self.waiting_since, self.id)
    }

    /// Who is alerted, or serves it.
    pub(crate) fn agent(&self) -> Option<&AgentId> {
        match &self.state {
            State::Alerted { agent, .. } => Some(agent),
            State::Serving(holder) => Some(holder.agent()),
            State::Waiting | State::Done | State::Resolved => None,
        }
    }

    /// The agent against whose capacity it counts.
    pub(crate) fn counts_for(&self) -> Option<&AgentId> {
        match &self.state {
            State::Alerted { agent, .. } | State::Serving(Holder::Agent(agent)) => Some(agent),
            State::Serving(Holder::Admin(_)) | State::Waiting | State::Done | State::Resolved => None,
        }
    }

    /// Who has it, as its history says.
    pub(crate) fn assignee(&self) -> Assignee {
        match &self.state {
            State::Waiting => self.need.team.clone().map_or(Assignee::Nobody, Assignee::Team),
            State::Alerted { agent, .. } | State::Serving(Holder::Agent(agent)) => Assignee::Agent(agent.clone()),
            State::Serving(Holder::Admin(agent)) => Assignee::Admin(agent.clone()),
            State::Done | State::Resolved => Assignee::Nobody,
        }
    }

    /// Whether this agent can be alerted to it now.
    pub(crate) fn fits(&self, agent: &Agent, now: Timestamp) -> bool {
        let kept = self.kept.as_ref().filter(|kept| now < kept.until);
        let asked = match kept {
            Some(kept) => kept.agent == agent.id,
            None => agent.could_serve(&self.need),
        };
        asked && agent.has_room(self.need.kind) && !self.passed(now).any(|passed| *passed == agent.id)
    }

    /// Agents who are passed over now.
    pub(crate) fn passed(&self, now: Timestamp) -> impl Iterator<Item = &AgentId> {
        let running = self.passes.iter().filter(move |pass| now < pass.until);
        running.map(|pass| &pass.agent)
    }

    /// Agents who may be alerted again, those who were least often before the others.
    pub(crate) fn tried_before(&self, now: Timestamp) -> Vec<Vec<String>> {
        let mut by_times: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for pass in self.passes.iter().filter(|pass| pass.until <= now) {
            by_times.entry(pass.times).or_default().push(pass.agent.to_string());
        }
        by_times.into_values().collect()
    }

    /// When something becomes of it by itself.
    pub(crate) fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.state {
            State::Alerted { until, .. } => Some(*until),
            State::Waiting => {
                let kept = self.kept.iter().map(|kept| kept.until);
                let ends = kept.chain(self.passes.iter().map(|pass| pass.until));
                ends.filter(|end| now < *end).min()
            }
            State::Serving(_) | State::Done | State::Resolved => None,
        }
    }

    /// Alerts an agent; `None` unless it waits and they fit.
    pub(crate) fn alert(&self, agent: &Agent, now: Timestamp) -> Option<Moved> {
        if self.state != State::Waiting || !self.fits(agent, now) {
            return None;
        }
        let state = State::Alerted {
            agent: agent.id.clone(),
            until: now + seconds(self.alert_seconds),
        };
        Some(self.moved(Cause::Alerted, None, |after| {
            after.state = state;
            after.kept = None;
        }))
    }

    /// The agent takes what they are alerted to; `None`: they have it already.
    pub(crate) fn accept(&self, agent: &AgentId, now: Timestamp) -> Result<Option<Moved>, Refused> {
        match &self.state {
            State::Serving(holder) if holder.agent() == agent => Ok(None),
            State::Alerted { agent: alerted, until } if alerted == agent && now < *until => {
                let holder = Holder::Agent(agent.clone());
                Ok(Some(self.served(Cause::Accepted, Some(agent), holder, now)))
            }
            _ => Err(Refused::AlertOver),
        }
    }

    /// The agent does not take it; `None`: they said so already.
    pub(crate) fn decline(&self, agent: &AgentId, now: Timestamp) -> Result<Option<Moved>, Refused> {
        match &self.state {
            State::Alerted { agent: alerted, until } if alerted == agent && now < *until => {
                Ok(Some(self.passed_over(Cause::Declined, agent, now)))
            }
            _ if self.passes.iter().any(|pass| pass.agent == *agent && pass.is_declined) => Ok(None),
            _ => Err(Refused::AlertOver),
        }
    }

    /// The agent's time to take it is over; `None`: it is not, or nobody is alerted.
    pub(crate) fn miss(&self, now: Timestamp) -> Option<Moved> {
        match &self.state {
            State::Alerted { agent, until } if *until <= now => Some(self.passed_over(Cause::Missed, agent, now)),
            _ => None,
        }
    }

    /// An agent answered; `None` if somebody serves it, or its conversation was resolved.
    pub(crate) fn answer(&self, agent: &AgentId, now: Timestamp) -> Option<Moved> {
        match &self.state {
            State::Serving(_) | State::Resolved => None,
            State::Waiting | State::Alerted { .. } | State::Done => {
                let holder = Holder::Agent(agent.clone());
                Some(self.served(Cause::Answered, Some(agent), holder, now))
            }
        }
    }

    /// Gives it to somebody, a team's queue or nobody; `None`: it is so already.
    pub(crate) fn assign(&self, to: Assignee, by: Option<&AgentId>, now: Timestamp) -> Result<Option<Moved>, Refused> {
        if self.state == State::Resolved {
            return Err(Refused::Done);
        }
        let is_so = match &to {
            Assignee::Team(_) => self.state == State::Waiting && self.assignee() == to && self.kept.is_none(),
            Assignee::Nobody => self.state == State::Done,
            Assignee::Agent(_) | Assignee::Admin(_) => matches!(self.state, State::Serving(_)) && self.assignee() == to,
        };
        if is_so {
            return Ok(None);
        }
        Ok(Some(match to {
            Assignee::Agent(agent) => self.served(Cause::Assigned, by, Holder::Agent(agent), now),
            Assignee::Admin(agent) => self.served(Cause::Assigned, by, Holder::Admin(agent), now),
            Assignee::Team(team) => self.moved(Cause::Assigned, by, |after| {
                if after.state == State::Done {
                    // Nobody waited meanwhile.
                    after.waiting_since = now;
                }
                after.wait_for(Some(team), None);
                // Whoever had it is not asked at once.
                after.passes.extend(self.agent().map(|had| self.pass(had, 0, now)));
            }),
            Assignee::Nobody => self.moved(Cause::Assigned, by, |after| after.leave(State::Done)),
        }))
    }

    /// A workflow gives it to a team's queue; `None`: it is there, somebody serves it, or its conversation was resolved.
    pub(crate) fn hand_over(&self, team: &TeamId, now: Timestamp) -> Option<Moved> {
        let stays = match &self.state {
            State::Serving(_) | State::Resolved => true,
            State::Waiting | State::Alerted { .. } => self.need.team.as_ref() == Some(team),
            State::Done => false,
        };
        (!stays).then(|| {
            self.moved(Cause::Queued, None, |after| {
                if after.state == State::Done {
                    // Nobody waited meanwhile.
                    after.waiting_since = now;
                }
                after.wait_for(Some(team.clone()), None);
            })
        })
    }

    /// Who serves it passes it on, to a team's queue or for a while to one agent; for that while they are not asked themselves.
    pub(crate) fn transfer(&self, agent: &AgentId, to: Recipient, now: Timestamp) -> Result<Moved, Refused> {
        if self.state == State::Resolved {
            return Err(Refused::Done);
        }
        if !matches!(&self.state, State::Serving(holder) if holder.agent() == agent) {
            return Err(Refused::NotYours);
        }
        let (team, kept) = match to {
            Recipient::Team(team) => (Some(team), None),
            Recipient::Agent(to) => {
                let until = now + seconds(self.alert_seconds);
                (self.need.team.clone(), Some(Kept { agent: to, until }))
            }
        };
        let pass = self.pass(agent, 0, now);
        Ok(self.moved(Cause::Transferred, Some(agent), |after| {
            after.wait_for(team, kept);
            after.passes.push(pass);
            after.priority = 0;
        }))
    }

    /// Who has it went: it waits again, at the front if they served it, else where it was. `None`: nobody has it.
    pub(crate) fn lose(&self) -> Option<Moved> {
        self.agent()?;
        Some(self.moved(Cause::Vanished, None, |after| {
            if matches!(after.state, State::Serving(_)) {
                after.priority = 0;
            }
            after.state = State::Waiting;
        }))
    }

    /// The agent for whom alone it waits went: anybody may be asked. `None`: it waits for nobody alone.
    pub(crate) fn let_go(&self) -> Option<Moved> {
        self.kept.is_some().then(|| self.changed(|after| after.kept = None))
    }

    /// Nobody is asked for any more; `None`: that is so already.
    pub(crate) fn withdraw(&self, cause: Cause) -> Option<Moved> {
        let is_over = matches!(self.state, State::Done | State::Resolved);
        (!is_over).then(|| self.moved(cause, None, |after| after.leave(State::Done)))
    }

    /// Its conversation was resolved; `None`: that is so already.
    pub(crate) fn resolve(&self) -> Option<Moved> {
        let is_new = self.state != State::Resolved;
        is_new.then(|| self.moved(Cause::Resolved, None, |after| after.leave(State::Resolved)))
    }

    /// Somebody wrote: it is about this conversation from now on. `None`: that is so already.
    pub(crate) fn attach(&self, conversation: ConversationId) -> Option<Moved> {
        let is_new = self.about.conversation != Some(conversation);
        is_new.then(|| self.changed(|after| after.about.conversation = Some(conversation)))
    }

    /// A change that leaves who has it.
    fn changed(&self, change: impl FnOnce(&mut Self)) -> Moved {
        let mut after = self.clone();
        after.version += 1;
        change(&mut after);
        Moved {
            before: Some(self.clone()),
            after,
            cause: None,
            by: None,
        }
    }

    fn moved(&self, cause: Cause, by: Option<&AgentId>, change: impl FnOnce(&mut Self)) -> Moved {
        Moved {
            cause: Some(cause),
            by: by.cloned(),
            ..self.changed(change)
        }
    }

    fn served(&self, cause: Cause, by: Option<&AgentId>, holder: Holder, now: Timestamp) -> Moved {
        let was_queued = matches!(self.state, State::Waiting | State::Alerted { .. });
        self.moved(cause, by, |after| {
            after.last_agent = Some(holder.agent().clone());
            after.given_at = Some(now);
            after.served_at = after.served_at.or(was_queued.then_some(now));
            after.leave(State::Serving(holder));
        })
    }

    /// Passes over who was alerted, for as long as an alert lasts: by then the next one had their time.
    fn passed_over(&self, cause: Cause, agent: &AgentId, now: Timestamp) -> Moved {
        let by = (cause == Cause::Declined).then_some(agent);
        self.moved(cause, by, |after| {
            let before = after.passes.iter().position(|pass| pass.agent == *agent);
            let times = before.map_or(0, |index| after.passes.remove(index).times);
            let pass = after.pass(agent, times, now);
            after.passes.push(Pass {
                is_declined: cause == Cause::Declined,
                ..pass
            });
            after.state = State::Waiting;
        })
    }

    fn pass(&self, agent: &AgentId, times: u32, now: Timestamp) -> Pass {
        Pass {
            agent: agent.clone(),
            until: now + seconds(self.alert_seconds),
            times: times + 1,
            is_declined: false,
        }
    }

    fn wait_for(&mut self, team: Option<TeamId>, kept: Option<Kept>) {
        self.leave(State::Waiting);
        self.need.team = team;
        self.kept = kept;
    }

    /// What was noted for the queue counts no more.
    fn leave(&mut self, state: State) {
        if matches!(state, State::Done | State::Resolved) {
            self.about.page = None;
        }
        self.state = state;
        self.passes.clear();
        self.kept = None;
    }
}

/// To whom somebody can pass a conversation on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipient {
    Agent(AgentId),
    Team(TeamId),
}

pub(crate) fn seconds(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds))
}
