//! An invitation from its offer to the end of the chat: a state machine. Whoever asks for the same again gets the same.

use super::channel_routing::Mode;
use ::domain::{AgentId, ChannelId, ConversationId, InvitationId, RequestId, Timestamp, VisitorId};
use events::event::InvitationState;
use jiff::SignedDuration;

/// How long an agent may be asked to speak first to who was not asked: presence does not tell of everybody that they left.
const UNASKED: SignedDuration = SignedDuration::from_mins(30);
/// How long a visitor may fill in their data.
const FORM: SignedDuration = SignedDuration::from_mins(30);

/// How far an invitation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum State {
    Offered,
    Shown,
    Accepted,
    Declined,
    Expired,
    Form,
    Queued,
    Alerted,
    Serving,
    Ended,
    Abandoned,
}

impl State {
    const ALL: [Self; 11] = [
        Self::Offered,
        Self::Shown,
        Self::Accepted,
        Self::Declined,
        Self::Expired,
        Self::Form,
        Self::Queued,
        Self::Alerted,
        Self::Serving,
        Self::Ended,
        Self::Abandoned,
    ];

    /// The word as stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Shown => "shown",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Form => "form",
            Self::Queued => "queued",
            Self::Alerted => "alerted",
            Self::Serving => "serving",
            Self::Ended => "ended",
            Self::Abandoned => "abandoned",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Nothing happens to it any more.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Declined | Self::Expired | Self::Ended | Self::Abandoned)
    }

    /// A request for an agent is open.
    fn is_in_queue(self) -> bool {
        matches!(self, Self::Queued | Self::Alerted | Self::Serving)
    }
}

impl From<State> for InvitationState {
    fn from(state: State) -> Self {
        match state {
            State::Offered => Self::Offered,
            State::Shown => Self::Shown,
            State::Accepted => Self::Accepted,
            State::Declined => Self::Declined,
            State::Expired => Self::Expired,
            State::Form => Self::Form,
            State::Queued => Self::Queued,
            State::Alerted => Self::Alerted,
            State::Serving => Self::Serving,
            State::Ended => Self::Ended,
            State::Abandoned => Self::Abandoned,
        }
    }
}

/// What a visitor does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Shown,
    Accepted,
    Declined,
    /// They closed the panel.
    Closed,
}

/// What has to follow in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    Nothing,
    /// It goes into the queue.
    Enqueue,
    /// It leaves the queue.
    Withdraw(RequestId),
}

/// It is over, or never was what is answered: the visitor is told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over;

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) id: InvitationId,
    pub(crate) channel: ChannelId,
    pub(crate) visitor: VisitorId,
    pub(crate) mode: Mode,
    /// Name of the rule that made it.
    pub(crate) rule: String,
    pub(crate) greeting: String,
    pub(crate) state: State,
    /// 1, 2, 3 ... with each change.
    pub(crate) version: u64,
    pub(crate) offered_at: Timestamp,
    pub(crate) changed_at: Timestamp,
    /// Set while it waits for the visitor, or for an agent to speak first.
    pub(crate) expires_at: Option<Timestamp>,
    /// They said no to it.
    pub(crate) is_declined: bool,
    pub(crate) request: Option<RequestId>,
    pub(crate) conversation: Option<ConversationId>,
    /// Who is alerted, or serves.
    pub(crate) agent: Option<AgentId>,
    /// Versions and states that it came through since it was stored.
    pub(crate) untold: Vec<(u64, State)>,
}

/// What an invitation is made from.
pub(crate) struct Offer {
    pub(crate) id: InvitationId,
    pub(crate) channel: ChannelId,
    pub(crate) visitor: VisitorId,
    pub(crate) mode: Mode,
    pub(crate) rule: String,
    pub(crate) greeting: String,
    pub(crate) answer_within: SignedDuration,
    pub(crate) at: Timestamp,
}

impl Invitation {
    /// One that is asked; or, where the visitor is not asked, one that goes into the queue at once.
    pub(crate) fn offer(offer: Offer) -> Self {
        let is_asked = offer.mode == Mode::WithInvitation;
        let state = if is_asked { State::Offered } else { State::Queued };
        Self {
            id: offer.id,
            channel: offer.channel,
            visitor: offer.visitor,
            mode: offer.mode,
            rule: offer.rule,
            greeting: offer.greeting,
            state,
            version: 1,
            offered_at: offer.at,
            changed_at: offer.at,
            expires_at: Some(after(offer.at, if is_asked { offer.answer_within } else { UNASKED })),
            is_declined: false,
            request: None,
            conversation: None,
            agent: None,
            untold: vec![(1, state)],
        }
    }

    /// The visitor's answer, and what follows.
    pub(crate) fn answer(&mut self, answer: Answer, now: Timestamp) -> Result<Follow, Over> {
        match (answer, self.state) {
            (_, State::Offered | State::Shown | State::Form) if self.is_expired(now) => Err(Over),
            (Answer::Shown, State::Offered) => Ok(self.step(State::Shown, now)),
            (Answer::Shown, _) => Ok(Follow::Nothing),
            (Answer::Accepted, State::Offered | State::Shown | State::Accepted) => Ok(self.ask_for_data(now)),
            (Answer::Accepted, State::Form) => Ok(Follow::Nothing),
            (Answer::Accepted, state) if state.is_in_queue() && self.mode == Mode::WithInvitation => {
                Ok(Follow::Nothing)
            }
            (Answer::Declined, State::Declined) => Ok(Follow::Nothing),
            (Answer::Declined, state) if !state.is_over() => {
                self.is_declined = true;
                Ok(self.give_up(State::Declined, now))
            }
            (Answer::Closed, state) if state.is_over() => Ok(Follow::Nothing),
            (Answer::Closed, _) => Ok(self.give_up(State::Expired, now)),
            (Answer::Accepted | Answer::Declined, _) => Err(Over),
        }
    }

    /// The visitor left the site.
    pub(crate) fn visitor_left(&mut self, now: Timestamp) -> Follow {
        self.give_up(State::Expired, now)
    }

    /// Nobody answered in time, or sent the data.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Follow {
        if self.is_expired(now) {
            return self.give_up(State::Expired, now);
        }
        Follow::Nothing
    }

    /// The visitor began a chat: with the data that they were asked for, it goes into the queue; else the invitation is of no use.
    pub(crate) fn chat_began(&mut self, conversation: ConversationId, now: Timestamp) -> Follow {
        match self.state {
            State::Form => {
                self.conversation = Some(conversation);
                self.step(State::Queued, now);
                Follow::Enqueue
            }
            State::Queued | State::Alerted if self.conversation.is_none() => {
                self.step(State::Expired, now);
                self.request.map_or(Follow::Nothing, Follow::Withdraw)
            }
            State::Offered | State::Shown | State::Accepted => self.step(State::Expired, now),
            _ => Follow::Nothing,
        }
    }

    /// The agent who spoke first, if the visitor begins another conversation beside theirs.
    pub(crate) fn serves_beside(&self, begun: ConversationId) -> Option<&AgentId> {
        let is_other = self.is_unanswered_chat() && self.conversation != Some(begun);
        self.agent.as_ref().filter(|_| is_other)
    }

    /// What became of its request in the queue. False: nothing changed.
    pub(crate) fn follow(
        &mut self,
        state: State,
        agent: Option<AgentId>,
        conversation: Option<ConversationId>,
        now: Timestamp,
    ) -> bool {
        if self.state.is_over() {
            return false;
        }
        let state = match state {
            // It was withdrawn, or resolved, before anybody served it.
            State::Ended if self.state != State::Serving => State::Abandoned,
            state => state,
        };
        if (self.state, &self.agent, self.conversation) == (state, &agent, conversation.or(self.conversation)) {
            return false;
        }
        self.agent = agent;
        self.conversation = conversation.or(self.conversation);
        self.step(state, now);
        true
    }

    /// The visitor is asked whether they want it, and has not answered.
    pub(crate) fn is_question(&self) -> bool {
        matches!(self.state, State::Offered | State::Shown)
    }

    /// It has a place in the queue.
    pub(crate) fn waits(&self) -> bool {
        self.state == State::Queued
    }

    /// Its chat ends where the visitor goes, or says no: an agent spoke first, and they have not written.
    pub(crate) fn is_unanswered_chat(&self) -> bool {
        self.state == State::Serving && self.mode == Mode::WithoutInvitation
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Accepted, and the data page is shown: two steps, each told.
    fn ask_for_data(&mut self, now: Timestamp) -> Follow {
        self.step(State::Accepted, now);
        self.step(State::Form, now);
        self.expires_at = Some(after(now, FORM));
        Follow::Nothing
    }

    /// The visitor takes no part any more; `unasked` is what that is called before they said yes.
    fn give_up(&mut self, unasked: State, now: Timestamp) -> Follow {
        match self.state {
            State::Offered | State::Shown | State::Accepted => self.step(unasked, now),
            State::Form => self.step(State::Abandoned, now),
            State::Queued | State::Alerted => {
                self.step(State::Abandoned, now);
                // Who wrote is answered all the same, and brought back; unless they said that they want nothing more.
                match self.request.filter(|_| self.conversation.is_none() || self.is_declined) {
                    Some(request) => Follow::Withdraw(request),
                    None => Follow::Nothing,
                }
            }
            State::Serving if self.mode == Mode::WithoutInvitation => {
                self.step(State::Ended, now);
                self.request.map_or(Follow::Nothing, Follow::Withdraw)
            }
            _ => Follow::Nothing,
        }
    }

    fn step(&mut self, state: State, now: Timestamp) -> Follow {
        self.state = state;
        self.version += 1;
        self.changed_at = now;
        self.untold.push((self.version, state));
        if state.is_over() || self.conversation.is_some() {
            self.expires_at = None;
        }
        Follow::Nothing
    }
}

fn after(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn offered(mode: Mode) -> Invitation {
        Invitation::offer(Offer {
            id: Uuid::from_u128(1).into(),
            channel: ChannelId::parse("web").expect("a slug"),
            visitor: Uuid::from_u128(2).into(),
            mode,
            rule: "pricing".into(),
            greeting: String::new(),
            answer_within: SignedDuration::from_secs(120),
            at: at(0),
        })
    }

    fn states(invitation: &Invitation) -> Vec<State> {
        invitation.untold.iter().map(|(_, state)| *state).collect()
    }

    #[test]
    fn a_visitor_who_says_yes_is_asked_for_data_and_queued() {
        let mut invitation = offered(Mode::WithInvitation);
        for answer in [Answer::Shown, Answer::Shown, Answer::Accepted, Answer::Accepted] {
            assert_eq!(invitation.answer(answer, at(5)), Ok(Follow::Nothing));
        }
        assert_eq!(invitation.chat_began(Uuid::from_u128(3).into(), at(9)), Follow::Enqueue);
        let request = Uuid::from_u128(4).into();
        invitation.request = Some(request);
        let ann = AgentId::parse("ann").ok();
        assert!(invitation.follow(State::Alerted, ann.clone(), None, at(10)));
        assert!(invitation.follow(State::Serving, ann.clone(), None, at(11)));
        assert!(!invitation.follow(State::Serving, ann, None, at(12)));
        assert_eq!(
            invitation.answer(Answer::Closed, at(13)),
            Ok(Follow::Nothing),
            "it is a chat like any other"
        );
        assert!(invitation.follow(State::Ended, None, None, at(14)));
        let came = [
            State::Offered,
            State::Shown,
            State::Accepted,
            State::Form,
            State::Queued,
            State::Alerted,
            State::Serving,
            State::Ended,
        ];
        assert_eq!(states(&invitation), came);
    }

    #[test]
    fn no_is_remembered_and_what_is_over_stays_so() {
        let mut invitation = offered(Mode::WithInvitation);
        assert_eq!(invitation.answer(Answer::Declined, at(1)), Ok(Follow::Nothing));
        assert_eq!(invitation.answer(Answer::Declined, at(2)), Ok(Follow::Nothing));
        assert_eq!(invitation.answer(Answer::Accepted, at(3)), Err(Over));
        assert!(invitation.is_declined && !invitation.follow(State::Alerted, None, None, at(4)));
        let mut late = offered(Mode::WithInvitation);
        assert_eq!(late.answer(Answer::Accepted, at(120)), Err(Over), "its time is over");
        late.expire(at(120));
        assert_eq!((late.state, late.is_declined), (State::Expired, false));
    }

    #[test]
    fn who_leaves_the_queue_with_a_question_is_answered_all_the_same() {
        let mut waiting = offered(Mode::WithInvitation);
        assert_eq!(waiting.answer(Answer::Accepted, at(1)), Ok(Follow::Nothing));
        assert_eq!(waiting.chat_began(Uuid::from_u128(3).into(), at(2)), Follow::Enqueue);
        let request = Uuid::from_u128(4).into();
        waiting.request = Some(request);
        let (mut left, mut closed, mut declined) = (waiting.clone(), waiting.clone(), waiting);
        assert_eq!(left.visitor_left(at(3)), Follow::Nothing);
        assert_eq!(closed.answer(Answer::Closed, at(3)), Ok(Follow::Nothing));
        assert_eq!(declined.answer(Answer::Declined, at(3)), Ok(Follow::Withdraw(request)));
        assert!([left, closed, declined].iter().all(|one| one.state == State::Abandoned));
    }

    #[test]
    fn an_unasked_visitor_ends_the_chat_by_closing_it() {
        let mut invitation = offered(Mode::WithoutInvitation);
        assert_eq!(
            (invitation.state, invitation.expires_at),
            (State::Queued, Some(at(1_800)))
        );
        assert_eq!(invitation.answer(Answer::Accepted, at(1)), Err(Over), "nobody asked");
        let request = Uuid::from_u128(4).into();
        invitation.request = Some(request);
        assert!(invitation.follow(State::Serving, AgentId::parse("ann").ok(), None, at(2)));
        assert!(invitation.is_unanswered_chat());
        assert_eq!(invitation.answer(Answer::Closed, at(3)), Ok(Follow::Withdraw(request)));
        assert_eq!(invitation.state, State::Ended);
        let mut alerted = offered(Mode::WithoutInvitation);
        alerted.request = Some(request);
        let mut forgotten = alerted.clone();
        assert_eq!(
            forgotten.expire(at(1_800)),
            Follow::Withdraw(request),
            "nobody told that they left"
        );
        assert_eq!(alerted.visitor_left(at(3)), Follow::Withdraw(request));
        assert_eq!(alerted.state, State::Abandoned);
    }

    #[test]
    fn words_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn whatever_happens_each_step_is_told_once_and_the_end_is_the_end(
            is_asked: bool, happened in prop::collection::vec((0..10_usize, 0..200_i64), 1..20),
        ) {
            let mut invitation = offered(if is_asked { Mode::WithInvitation } else { Mode::WithoutInvitation });
            if !is_asked {
                invitation.request = Some(Uuid::from_u128(4).into());
            }
            let (mut now, ann) = (0, AgentId::parse("ann").ok());
            for (what, seconds) in happened {
                now += seconds;
                let (before, now) = (invitation.clone(), at(now));
                let follow = match what {
                    0 => invitation.answer(Answer::Shown, now),
                    1 => invitation.answer(Answer::Accepted, now),
                    2 => invitation.answer(Answer::Declined, now),
                    3 => invitation.answer(Answer::Closed, now),
                    4 => Ok(invitation.visitor_left(now)),
                    5 => Ok(invitation.expire(now)),
                    6 => Ok(invitation.chat_began(Uuid::from_u128(3).into(), now)),
                    // The queue tells only of what is in it.
                    _ if invitation.request.is_none() => Ok(Follow::Nothing),
                    7 => Ok(follow(&mut invitation, State::Queued, None, now)),
                    8 => Ok(follow(&mut invitation, State::Alerted, ann.clone(), now)),
                    _ => Ok(follow(&mut invitation, State::Serving, ann.clone(), now)),
                };
                if follow == Ok(Follow::Enqueue) {
                    prop_assert_eq!((before.state, before.request), (State::Form, None));
                    invitation.request = Some(Uuid::from_u128(4).into());
                }
                if let Ok(Follow::Withdraw(_)) = follow {
                    prop_assert!(before.state.is_in_queue() && invitation.state.is_over());
                }
                prop_assert!(!before.state.is_over() || invitation.state == before.state);
                prop_assert!(invitation.expires_at.is_none() || !invitation.state.is_over());
                prop_assert!(follow.is_ok() || invitation.untold == before.untold, "who is refused changes nothing");
                let waits = !invitation.state.is_over() && invitation.conversation.is_none();
                prop_assert_eq!(invitation.expires_at.is_some(), waits);
            }
            let versions: Vec<u64> = invitation.untold.iter().map(|(version, _)| *version).collect();
            prop_assert!(versions.into_iter().eq(1..=invitation.version));
            prop_assert_eq!(invitation.untold.last().map(|(_, state)| *state), Some(invitation.state));
        }
    }

    fn follow(invitation: &mut Invitation, state: State, agent: Option<AgentId>, now: Timestamp) -> Follow {
        invitation.follow(state, agent, None, now);
        Follow::Nothing
    }
}
