//! Runs of workflows: what comes next, what a person's doing makes of it, and that each step is done once. Pure; the transaction
//! that stores a run stores what its step did.

use super::workflow::{Step, Workflow};
use domain::{AgentId, AuthorRole, ConversationId, FormId, RunId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A run of a workflow in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    pub conversation: ConversationId,
    /// The workflow's key.
    pub workflow: String,
    pub workflow_version: u64,
    /// As they were when it began.
    pub steps: Vec<Step>,
    /// Index of the step that is under way or next; of an ended run the last one that it came to.
    pub at: usize,
    pub state: State,
    /// The form that its present step asked; stays when that cancels it, to be taken back.
    pub form: Option<FormId>,
    pub skipped: Vec<Skipped>,
    /// Who started it; `None`: the first message, or nobody in person.
    pub by: Option<AgentId>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Grows by one with each change that is stored; 0: never stored.
    pub version: u64,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The next step is to be done now.
    Running,
    Waiting {
        until: Timestamp,
    },
    Done,
    Cancelled(End),
}

/// What cancelled a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    CustomerWrote,
    AgentWrote,
    /// They have the conversation, and have not written yet.
    AgentTookOver,
    Resolved,
    Erased,
    ByHand,
}

/// A step that could not be done, or a form that nobody filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its index.
    pub step: usize,
    pub why: Skip,
}

/// Why a run went on without a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// Somebody had written before the greeting.
    Served,
    NoContact,
    TagRefused,
    NoWidget,
    FormOff,
    /// Another input form is open, which somebody has offered.
    FormOpen,
    Dismissed,
    Withdrawn,
    Unanswered,
}

/// What a run hears of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    CustomerWrote,
    AgentWrote,
    /// They have the conversation since this moment.
    AgentTookOver(Timestamp),
    Resolved,
    Erased,
    CancelledByHand,
    Submitted(FormId),
    Dismissed(FormId),
    /// Another one was opened in its place.
    Withdrawn(FormId),
}

impl Heard {
    /// What is heard when somebody writes.
    pub fn of(author: AuthorRole) -> Option<Self> {
        match author {
            AuthorRole::Customer => Some(Self::CustomerWrote),
            AuthorRole::Agent => Some(Self::AgentWrote),
            AuthorRole::Bot | AuthorRole::System => None,
        }
    }
}

impl Skip {
    /// The word as told.
    pub fn word(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::NoContact => "no_contact",
            Self::TagRefused => "tag_refused",
            Self::NoWidget => "no_widget",
            Self::FormOff => "form_off",
            Self::FormOpen => "form_open",
            Self::Dismissed => "dismissed",
            Self::Withdrawn => "withdrawn",
            Self::Unanswered => "unanswered",
        }
    }
}

impl End {
    pub const ALL: [Self; 6] = [
        Self::CustomerWrote,
        Self::AgentWrote,
        Self::AgentTookOver,
        Self::Resolved,
        Self::Erased,
        Self::ByHand,
    ];

    /// The word as stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::CustomerWrote => "customer_wrote",
            Self::AgentWrote => "agent_wrote",
            Self::AgentTookOver => "agent_took_over",
            Self::Resolved => "resolved",
            Self::Erased => "erased",
            Self::ByHand => "by_hand",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.word() == word)
    }
}

impl Run {
    /// A run that begins now.
    pub fn begin(
        id: RunId,
        workflow: &Workflow,
        conversation: ConversationId,
        by: Option<AgentId>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            conversation,
            workflow: workflow.key.clone(),
            workflow_version: workflow.version,
            steps: workflow.steps.clone(),
            at: 0,
            state: State::Running,
            form: None,
            skipped: Vec::new(),
            by,
            started_at: now,
            ended_at: None,
            version: 0,
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Done | State::Cancelled(_))
    }

    /// When it is to be taken up again; `None`: never.
    pub fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            State::Running => Some(now),
            State::Waiting { until } => Some(until),
            State::Done | State::Cancelled(_) => None,
        }
    }

    /// The step to be done now.
    pub fn next_step(&self) -> Option<&Step> {
        match self.state {
            State::Running => self.steps.get(self.at),
            _ => None,
        }
    }

    /// A wait that is over goes on: how long it was over for, and the form that nobody filled in meanwhile. `None`: it is not, or
    /// nothing is waited for.
    pub fn wake(&mut self, now: Timestamp) -> Option<(SignedDuration, Option<FormId>)> {
        let State::Waiting { until } = self.state else {
            return None;
        };
        if until > now {
            return None;
        }
        let asked = self.form;
        match asked {
            Some(_) => self.skip(Skip::Unanswered, now),
            None => self.pass(now),
        }
        Some((now.duration_since(until), asked))
    }

    /// The present step is done: the next one, or the end.
    pub fn pass(&mut self, now: Timestamp) {
        self.form = None;
        if self.at + 1 < self.steps.len() {
            self.at += 1;
            self.state = State::Running;
        } else {
            self.state = State::Done;
            self.ended_at = Some(now);
        }
    }

    /// Goes on without the present step.
    pub fn skip(&mut self, why: Skip, now: Timestamp) {
        self.skipped.push(Skipped { step: self.at, why });
        self.pass(now);
    }

    /// The present step lasts so many seconds, or until its form is answered.
    pub fn wait(&mut self, seconds: u32, form: Option<FormId>, now: Timestamp) {
        let until = now.checked_add(SignedDuration::from_secs(i64::from(seconds)));
        self.form = form;
        self.state = State::Waiting {
            until: until.unwrap_or(Timestamp::MAX),
        };
    }

    /// What it makes of what it hears; false: nothing.
    pub fn hear(&mut self, heard: Heard, now: Timestamp) -> bool {
        if self.is_over() {
            return false;
        }
        let asked = |form: FormId| self.form == Some(form);
        let end = match heard {
            Heard::Submitted(form) if asked(form) => {
                self.pass(now);
                return true;
            }
            Heard::Dismissed(form) | Heard::Withdrawn(form) if !asked(form) => return false,
            Heard::Dismissed(_) => {
                self.skip(Skip::Dismissed, now);
                return true;
            }
            Heard::Withdrawn(_) => {
                self.skip(Skip::Withdrawn, now);
                return true;
            }
            // Another form that was filled in is the customer's word too.
            Heard::CustomerWrote | Heard::Submitted(_) => End::CustomerWrote,
            Heard::AgentWrote => End::AgentWrote,
            // Who had it before the run began may have started it.
            Heard::AgentTookOver(at) if at <= self.started_at => return false,
            Heard::AgentTookOver(_) => End::AgentTookOver,
            Heard::Resolved => End::Resolved,
            Heard::Erased => End::Erased,
            Heard::CancelledByHand => End::ByHand,
        };
        self.state = State::Cancelled(end);
        self.ended_at = Some(now);
        true
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
