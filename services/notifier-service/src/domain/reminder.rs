//! Mails to agents who are not there when they are reminded of a conversation: whether one is due, and where it stands.

use domain::{AgentId, ConversationId, Email, Language, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;

/// Where the mail about a reminder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its time.
    Due,
    /// Committed before the mail server is called.
    Attempting,
    /// The mail server took it.
    Sent,
    /// A mail server reported afterwards that it did not arrive.
    Undelivered,
    /// Proved: nothing was taken, and it is not tried again.
    Failed,
    /// It may have been taken, so it is never sent again.
    Unknown,
    /// The agent sees the reminder at their console.
    AgentThere,
    /// The agent has no e-mail address.
    NoAddress,
    /// The star was taken away, or got another time.
    Gone,
    /// Nobody could tell for too long whether it is to be sent.
    TooLate,
}

impl State {
    const ALL: [Self; 10] = [
        Self::Due,
        Self::Attempting,
        Self::Sent,
        Self::Undelivered,
        Self::Failed,
        Self::Unknown,
        Self::AgentThere,
        Self::NoAddress,
        Self::Gone,
        Self::TooLate,
    ];

    /// The word as stored and counted.
    pub fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Attempting => "attempting",
            Self::Sent => "sent",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::AgentThere => "agent_there",
            Self::NoAddress => "no_address",
            Self::Gone => "gone",
            Self::TooLate => "too_late",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A reminder as its owner knows it, for its mail. Debug prints no note.
#[derive(Clone, PartialEq, Eq)]
pub struct Reminder {
    /// The conversation's.
    pub number: u64,
    /// The agent's; may be empty.
    pub note: String,
    pub email: Option<Email>,
    /// Of the conversation's channel.
    pub language: Language,
    pub business: String,
    /// Where the agent opens the conversation; may be empty.
    pub link: String,
}

impl std::fmt::Debug for Reminder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reminder({})", self.number)
    }
}

/// Where a reminder goes to, if it is still wanted and its agent is not there; else how that ends.
pub fn address(reminder: Option<&Reminder>, is_there: bool) -> Result<&Email, State> {
    let reminder = reminder.ok_or(State::Gone)?;
    if is_there {
        return Err(State::AgentThere);
    }
    reminder.email.as_ref().ok_or(State::NoAddress)
}

/// What became of handing it to the mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    Taken,
    /// It is proved that nothing was taken.
    Refused {
        /// It may be taken later.
        again: bool,
    },
    /// The answer was lost.
    Lost,
}

/// The mail about a reminder that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderMail {
    pub id: Uuid,
    pub conversation: ConversationId,
    pub agent: AgentId,
    /// When the reminder was told.
    pub told_at: Timestamp,
    pub state: State,
    /// How often the mail server was called.
    pub attempts: u32,
    pub due_at: Option<Timestamp>,
    /// Keyed hash of the address that it was last tried to; `None`: it was not.
    pub sent_to: Option<Vec<u8>>,
}

impl ReminderMail {
    /// Due now.
    pub fn new(id: Uuid, conversation: ConversationId, agent: AgentId, told_at: Timestamp, now: Timestamp) -> Self {
        Self {
            id,
            conversation,
            agent,
            told_at,
            state: State::Due,
            attempts: 0,
            due_at: Some(now),
            sent_to: None,
        }
    }

    /// From here on it is never sent again unless nothing was taken; false: somebody else has gone on with it since it was seen.
    pub fn attempt(&mut self, seen: &Self, to: Vec<u8>) -> bool {
        if (self.state, self.attempts) != (State::Due, seen.attempts) {
            return false;
        }
        self.state = State::Attempting;
        self.attempts += 1;
        self.sent_to = Some(to);
        true
    }

    /// Notes what became of an attempt, after which it is tried again with these pauses; false: that attempt was settled before.
    pub fn settle(&mut self, attempt: u32, handed: Handed, pauses: &[SignedDuration], now: Timestamp) -> bool {
        if (self.state, self.attempts) != (State::Attempting, attempt) {
            return false;
        }
        let again = usize::try_from(attempt)
            .ok()
            .and_then(|tried| pauses.get(tried.checked_sub(1)?));
        match (handed, again) {
            (Handed::Refused { again: true }, Some(pause)) => {
                self.state = State::Due;
                self.due_at = Some(now + *pause);
            }
            (Handed::Taken, _) => self.end(State::Sent),
            (Handed::Refused { .. }, _) => self.end(State::Failed),
            (Handed::Lost, _) => self.end(State::Unknown),
        }
        true
    }

    /// A mail server reports whether it arrived; it may do so before the attempt is settled. False: that is no news.
    pub fn report(&mut self, arrived: bool) -> bool {
        let state = match (self.state, arrived) {
            (State::Attempting | State::Unknown, true) => State::Sent,
            (State::Attempting | State::Unknown | State::Sent, false) => State::Undelivered,
            _ => return false,
        };
        self.end(state);
        true
    }

    /// Nothing more is done about it.
    pub fn end(&mut self, state: State) {
        self.state = state;
        self.due_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Nothing is to come.
    fn is_over(state: State) -> bool {
        !matches!(state, State::Due | State::Attempting)
    }

    const PAUSES: [SignedDuration; 2] = [SignedDuration::from_secs(10), SignedDuration::from_secs(60)];

    fn mail() -> ReminderMail {
        let [id, conversation] = [1, 2].map(Uuid::from_u128);
        let agent = AgentId::parse("anna").expect("a slug");
        ReminderMail::new(
            id,
            conversation.into(),
            agent,
            Timestamp::UNIX_EPOCH,
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn every_word_reads_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
    }

    #[test]
    fn only_who_is_away_and_has_an_address_is_mailed() {
        let email = Email::parse("anna@acme.example").expect("an address");
        let with = |email: Option<Email>| Reminder {
            number: 7,
            note: String::new(),
            email,
            language: Language::English,
            business: "Acme".into(),
            link: String::new(),
        };
        let (reachable, not) = (with(Some(email.clone())), with(None));
        assert_eq!(address(Some(&reachable), false), Ok(&email));
        assert_eq!(address(Some(&reachable), true), Err(State::AgentThere));
        assert_eq!(address(Some(&not), false), Err(State::NoAddress));
        assert_eq!(address(None, false), Err(State::Gone));
    }

    proptest! {
        /// Whoever comes late, and whatever the mail server says: it is handed over again only after a proof that nothing was taken,
        /// three times at most, and what is over stays so.
        #[test]
        fn it_is_taken_once(words in prop::collection::vec((0_u8..7, 0_u32..4), 1..40)) {
            let (mut mail, mut taken, mut calls) = (mail(), 0, 0);
            for (word, of) in words {
                let before = mail.clone();
                let seen = ReminderMail { attempts: of, ..mail.clone() };
                let handed = match word {
                    0 => {
                        if mail.attempt(&seen, vec![1]) {
                            prop_assert_eq!(seen.attempts, before.attempts);
                            calls += 1;
                        }
                        continue;
                    }
                    1 => Handed::Taken,
                    2 => Handed::Refused { again: true },
                    3 => Handed::Refused { again: false },
                    4 => Handed::Lost,
                    word => {
                        // Whoever reports on it had it: it goes to nobody again.
                        let told = mail.report(word == 5);
                        taken += u32::from(told && before.state == State::Attempting);
                        prop_assert!(!told || is_over(mail.state));
                        prop_assert!(told || mail == before);
                        continue;
                    }
                };
                let settled = mail.settle(of, handed, &PAUSES, Timestamp::UNIX_EPOCH);
                taken += u32::from(settled && matches!(handed, Handed::Taken | Handed::Lost));
                prop_assert_eq!(settled, before.state == State::Attempting && before.attempts == of);
                prop_assert!(!is_over(before.state) || mail == before);
            }
            prop_assert!(taken <= 1 && calls <= 3);
            prop_assert_eq!(mail.due_at.is_none(), is_over(mail.state));
        }
    }
}
