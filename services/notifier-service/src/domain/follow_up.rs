//! When to bring a customer back: a function of what is known, the time and our own deliveries.

use crate::domain::settings::later;
use crate::domain::{Causes, Conversation, End, Fresh, Policy, Presence, Settings, Status, Timing, Why};
use domain::{DeliveryId, FollowUpId, PresenceState};
use jiff::Timestamp;

/// One way to reach the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Text,
    Mail,
}

impl Step {
    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Mail => "mail",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Text, Self::Mail].into_iter().find(|step| step.word() == word)
    }
}

/// The newest delivery of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRecord {
    pub delivery: DeliveryId,
    pub status: Status,
    /// The provider was called at least once.
    pub attempted: bool,
    /// When it came to its status, or was attempted where that is later known.
    pub at: Timestamp,
}

impl StepRecord {
    /// The record of a delivery: when it was attempted counts as long as it may have reached the customer.
    pub fn new(
        delivery: DeliveryId,
        status: Status,
        attempts: u32,
        attempted_at: Option<Timestamp>,
        status_at: Timestamp,
    ) -> Self {
        Self {
            delivery,
            status,
            attempted: attempts > 0,
            at: attempted_at.filter(|_| status.may_have_reached()).unwrap_or(status_at),
        }
    }

    /// Nothing was ever handed over: the step may still be taken.
    fn is_open(record: Option<&Self>) -> bool {
        record.is_none_or(|record| record.status == Status::Cancelled)
    }
}

/// Where a follow-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Unread answers; waits for absence and debounce.
    Watching,
    /// A step is under way, or the customer may still respond to it.
    Running(Step),
    /// It would be time, but it cannot be told whether the customer is there, or hours are quiet there.
    Deferred,
    Done,
}

impl State {
    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Watching => "watching",
            Self::Running(_) => "running",
            Self::Deferred => "deferred",
            Self::Done => "done",
        }
    }

    /// From the stored word and step.
    pub fn from_words(state: &str, step: Option<&str>) -> Option<Self> {
        match state {
            "watching" => Some(Self::Watching),
            "running" => step.and_then(Step::from_word).map(Self::Running),
            "deferred" => Some(Self::Deferred),
            "done" => Some(Self::Done),
            _ => None,
        }
    }

    pub fn step(self) -> Option<Step> {
        match self {
            Self::Running(step) => Some(step),
            _ => None,
        }
    }
}

/// A decision to bring a customer back, keyed by its first answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    pub id: FollowUpId,
    pub from_seq: u64,
    /// Answers up to here were told of by a step that was taken; 0: none was.
    pub to_seq: u64,
    /// When its first answer was posted.
    pub first_at: Timestamp,
    pub started_at: Timestamp,
    pub state: State,
    pub due_at: Option<Timestamp>,
    pub why: Option<Why>,
    /// Kept while done; cleared when it is armed again.
    pub causes: Causes,
    pub text: Option<StepRecord>,
    pub mail: Option<StepRecord>,
}

impl FollowUp {
    pub fn new(id: FollowUpId, from_seq: u64, first_at: Timestamp, now: Timestamp) -> Self {
        Self {
            id,
            from_seq,
            to_seq: 0,
            first_at,
            started_at: now,
            state: State::Watching,
            due_at: None,
            why: None,
            causes: Causes::default(),
            text: None,
            mail: None,
        }
    }

    pub fn record(&self, step: Step) -> Option<&StepRecord> {
        match step {
            Step::Text => self.text.as_ref(),
            Step::Mail => self.mail.as_ref(),
        }
    }

    pub fn record_mut(&mut self, step: Step) -> &mut Option<StepRecord> {
        match step {
            Step::Text => &mut self.text,
            Step::Mail => &mut self.mail,
        }
    }

    fn records(&self) -> impl Iterator<Item = (Step, &StepRecord)> {
        [Step::Text, Step::Mail]
            .into_iter()
            .filter_map(|step| self.record(step).map(|record| (step, record)))
    }
}

/// The newest accepted send of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub at: Timestamp,
    pub to_seq: u64,
}

/// What was done for a conversation so far, over all its follow-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// Answers up to here were told of.
    pub covered: u64,
    pub last_sent: Option<Sent>,
}

/// Everything a decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// None: the channel is not known yet.
    pub settings: Option<&'a Settings>,
    pub timing: Option<Timing>,
    pub conversation: &'a Conversation,
    pub presence: &'a Presence,
    /// What the owner of presence answered a moment ago; none while deciding from facts.
    pub fresh: Option<Fresh>,
    pub history: History,
}

/// What is to be done about a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing before `until`, or before a fact changes something.
    Wait {
        until: Option<Timestamp>,
        why: Why,
    },
    /// It is time for this step.
    Send(Step),
    /// A delivery of this step is on its way.
    UnderWay(Step),
    End(Causes),
}

const fn wait(until: Option<Timestamp>, why: Why) -> Verdict {
    Verdict::Wait { until, why }
}

impl Evidence<'_> {
    /// Decides.
    pub fn verdict(&self, follow_up: &FollowUp, now: Timestamp) -> Verdict {
        if self.conversation.erased {
            return Verdict::End(Causes::one(End::Erased));
        }
        let responses = self.responses(follow_up);
        if !responses.is_empty() {
            return Verdict::End(responses);
        }
        let (Some(settings), Some(timing), Some(_)) = (self.settings, self.timing, &self.conversation.started) else {
            return wait(None, Why::NotStarted);
        };
        if !settings.follow_up || !settings.web {
            return Verdict::End(Causes::one(End::SwitchedOff));
        }
        if self.conversation.only_agents_spoke() {
            return Verdict::End(Causes::one(End::AgentOpened));
        }
        if let Some((step, _)) = follow_up.records().find(|(_, record)| record.status.is_under_way()) {
            return Verdict::UnderWay(step);
        }
        let Some(burst) = self.burst(follow_up, settings) else {
            let late = self.conversation.heard_too_late(follow_up.from_seq, settings);
            return Verdict::End(Causes::one(if late { End::TooOld } else { End::Marked }));
        };
        // A text never follows the mail, even where the number was given in between.
        let mail_taken = !StepRecord::is_open(follow_up.mail.as_ref());
        let open = self
            .steps(settings)
            .find(|step| !mail_taken && StepRecord::is_open(follow_up.record(*step)));
        match open {
            Some(step) => self.before(step, follow_up, burst, timing, now),
            None => self.without_steps(follow_up, burst, timing, now),
        }
    }

    /// How the customer responded.
    fn responses(&self, follow_up: &FollowUp) -> Causes {
        let conversation = self.conversation;
        let mut causes = Causes::default();
        if conversation.customer_up_to > follow_up.from_seq {
            causes.add(End::Replied);
        }
        // Before a send, reading the first answer is a response, and the rest opens a key of its own; afterwards
        // everything that was told of has to be read, and nothing may be left.
        let told = follow_up.from_seq.max(follow_up.to_seq);
        let nothing_left = conversation.read_up_to >= follow_up.from_seq
            && conversation.answers.range(follow_up.from_seq..).next().is_none();
        if conversation.read_up_to >= told || nothing_left {
            causes.add(End::Read);
        }
        if self.returned_after(follow_up.first_at) {
            causes.add(End::Returned);
        }
        causes
    }

    /// Came into view, or through the link, after this moment, and has not left since.
    fn returned_after(&self, moment: Timestamp) -> bool {
        let in_view = self
            .presence
            .since(PresenceState::Online)
            .is_some_and(|since| since > moment);
        let by_link = self.conversation.returned_at.is_some_and(|returned| {
            let left_again = self
                .presence
                .since(PresenceState::Offline)
                .is_some_and(|since| since > returned);
            returned > moment && !left_again
        });
        in_view || by_link
    }

    /// The unread answers of this follow-up: when the first and the last were posted.
    fn burst(&self, follow_up: &FollowUp, settings: &Settings) -> Option<(Timestamp, Timestamp)> {
        self.conversation
            .unread_from(follow_up.from_seq, settings)
            .map(|(_, answer)| (answer.at, answer.at))
            .reduce(|(first, last), (_, at)| (first.min(at), last.max(at)))
    }

    /// Whether somebody tells of this customer's presence.
    fn presence_told(&self, settings: &Settings) -> bool {
        settings.presence_told
            && self
                .conversation
                .started
                .as_ref()
                .is_some_and(|started| started.visitor.is_some())
    }

    /// The ways to reach this customer, in order: text before mail.
    fn steps(&self, settings: &Settings) -> impl Iterator<Item = Step> + use<> {
        let by_text = settings.policy == Policy::TextThenEmail
            && self.presence_told(settings)
            && settings.phone
            && self.conversation.phone.is_some();
        let by_mail = settings.email && self.conversation.email.is_some();
        let text = by_text.then_some(Step::Text);
        let mail = by_mail.then_some(Step::Mail);
        text.into_iter().chain(mail)
    }

    /// Why there is no way to reach this customer.
    fn no_way(&self) -> End {
        let by_text_if_told = self.settings.is_some_and(|settings| {
            settings.policy == Policy::TextThenEmail
                && settings.phone
                && self.conversation.phone.is_some()
                && !self.presence_told(settings)
        });
        if by_text_if_told {
            End::NoPresence
        } else {
            End::NoAddress
        }
    }

    /// A step can still be taken: when?
    fn before(
        &self,
        step: Step,
        follow_up: &FollowUp,
        burst: (Timestamp, Timestamp),
        timing: Timing,
        now: Timestamp,
    ) -> Verdict {
        let (time, why) = self.time_of(step, follow_up, burst, timing);
        if let Some(verdict) = self.absence(burst, timing, now, time) {
            return verdict;
        }
        if now < time {
            return wait(Some(time), why);
        }
        Verdict::Send(step)
    }

    /// The moment before which a step is not taken, and what it waits for until then.
    fn time_of(
        &self,
        step: Step,
        follow_up: &FollowUp,
        (first, last): (Timestamp, Timestamp),
        timing: Timing,
    ) -> (Timestamp, Why) {
        let earlier = follow_up
            .text
            .filter(|text| step == Step::Mail && text.status != Status::Cancelled);
        if let Some(text) = earlier {
            return if text.status.may_have_reached() {
                (later(text.at, timing.escalation), Why::Escalation)
            } else {
                (text.at, Why::Escalation)
            };
        }
        let mut time = (
            later(last, timing.debounce).min(later(first, timing.ceiling)),
            Why::Debounce,
        );
        let unread = (later(first, timing.unread_mail), Why::UnreadTime);
        if self.waits_for_unread() && unread.0 > time.0 {
            time = unread;
        }
        match self.history.last_sent {
            Some(sent) if self.is_unanswered(sent) && later(sent.at, timing.gap) > time.0 => {
                (later(sent.at, timing.gap), Why::Gap)
            }
            _ => time,
        }
    }

    /// Mail alone waits for the unread time, unless the page was closed.
    fn waits_for_unread(&self) -> bool {
        self.settings.is_some_and(|settings| {
            !self.presence_told(settings)
                || (settings.policy == Policy::EmailOnUnread && self.presence.state == Some(PresenceState::Online))
        })
    }

    fn is_unanswered(&self, sent: Sent) -> bool {
        self.conversation.mark() < sent.to_seq
            && self.conversation.returned_at.is_none_or(|returned| returned <= sent.at)
    }

    /// What stands against a send because of where the customer is; `time` is when it would be due otherwise.
    fn absence(
        &self,
        (first, _): (Timestamp, Timestamp),
        timing: Timing,
        now: Timestamp,
        time: Timestamp,
    ) -> Option<Verdict> {
        let settings = self.settings?;
        if !self.presence_told(settings) {
            return None;
        }
        let again = Some(later(now.max(time), timing.ask_again));
        if self.fresh.is_some_and(|fresh| fresh.mass_loss) {
            return Some(wait(again, Why::MassLoss));
        }
        match self.presence.state {
            Some(PresenceState::Unknown) => Some(wait(again, Why::PresenceUnknown)),
            Some(PresenceState::Online) if settings.policy == Policy::TextThenEmail => Some(wait(None, Why::Online)),
            Some(PresenceState::Online) => self
                .fresh
                .and_then(|fresh| fresh.last_input_at)
                .filter(|input| *input > first)
                .map(|_| wait(None, Why::InputSinceAnswer)),
            // Never seen counts as away: the owner is asked before anything is sent.
            Some(PresenceState::Offline) | None => None,
        }
    }

    /// Every way was taken, or there is none.
    fn without_steps(
        &self,
        follow_up: &FollowUp,
        (first, last): (Timestamp, Timestamp),
        timing: Timing,
        now: Timestamp,
    ) -> Verdict {
        let Some((step, newest)) = follow_up
            .records()
            .filter(|(_, record)| record.status != Status::Cancelled)
            .max_by_key(|(step, record)| (record.at, *step))
        else {
            let time = later(last, timing.debounce).min(later(first, timing.ceiling));
            return match self.absence((first, last), timing, now, time) {
                Some(verdict) => verdict,
                None if now < time => wait(Some(time), Why::Debounce),
                None => Verdict::End(Causes::one(self.no_way())),
            };
        };
        debug_assert!(!newest.status.is_under_way(), "{step:?} was looked for before");
        if last_beyond(self, follow_up.to_seq) {
            return Verdict::End(Causes::one(End::Superseded));
        }
        let time = if newest.status.may_have_reached() {
            later(newest.at, timing.escalation)
        } else {
            newest.at
        };
        if now < time {
            wait(Some(time), Why::Escalation)
        } else {
            Verdict::End(Causes::one(End::Exhausted))
        }
    }
}

/// Some unread answer came after everything that was told of.
fn last_beyond(evidence: &Evidence<'_>, told: u64) -> bool {
    evidence.settings.is_some_and(|settings| {
        evidence
            .conversation
            .unread_from(told.saturating_add(1), settings)
            .next()
            .is_some()
    })
}
