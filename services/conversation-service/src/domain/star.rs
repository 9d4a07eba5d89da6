//! Conversations that an agent keeps an eye on, and when they want to be reminded of one.

use domain::{AgentId, ConversationId, Invalid, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;

const MAX_NOTE: usize = 200;
/// So far ahead a reminder may be.
const FARTHEST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// An agent's star on a conversation, or what is left of it. Debug prints no note.
#[derive(Clone, PartialEq, Eq)]
pub struct Star {
    pub id: Uuid,
    pub conversation: ConversationId,
    /// The conversation's.
    pub number: u64,
    pub agent: AgentId,
    /// `None`: it was taken away.
    pub starred_at: Option<Timestamp>,
    pub remind_at: Option<Timestamp>,
    /// `None`: not yet.
    pub reminded_at: Option<Timestamp>,
    pub note: String,
    /// 0: never stored.
    pub version: u64,
}

impl std::fmt::Debug for Star {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Star({} of {}, {})", self.conversation, self.agent, self.version)
    }
}

/// What an agent wants.
#[derive(Clone, PartialEq, Eq)]
pub struct Wish {
    pub remind_at: Option<Timestamp>,
    pub note: String,
}

impl std::fmt::Debug for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wish({:?})", self.remind_at)
    }
}

impl Star {
    /// Of an agent who has none on this conversation yet.
    pub fn none(id: Uuid, conversation: ConversationId, number: u64, agent: AgentId) -> Self {
        Self {
            id,
            conversation,
            number,
            agent,
            starred_at: None,
            remind_at: None,
            reminded_at: None,
            note: String::new(),
            version: 0,
        }
    }

    /// When the reminder is to be told; `None`: never, or it was.
    pub fn due(&self) -> Option<Timestamp> {
        self.remind_at.filter(|_| self.reminded_at.is_none())
    }

    /// Sets it as it is wanted; false: it is so already. A time that was told is not told again unless it is moved.
    pub fn set(&mut self, wish: Wish, now: Timestamp) -> Result<bool, Invalid> {
        let length = wish.note.chars().count();
        if length > MAX_NOTE || wish.note.chars().any(char::is_control) {
            let remedy = "may have 200 characters at most, without control characters";
            return Err(Invalid::new("note", remedy));
        }
        let moved = self.remind_at != wish.remind_at;
        if let Some(at) = wish.remind_at.filter(|_| moved) {
            check_time(at, now)?;
        }
        if !moved && self.starred_at.is_some() && self.note == wish.note {
            return Ok(false);
        }
        if moved {
            self.reminded_at = None;
        }
        self.starred_at.get_or_insert(now);
        self.remind_at = wish.remind_at;
        self.note = wish.note;
        self.version += 1;
        Ok(true)
    }

    /// Takes it away; false: there is none.
    pub fn remove(&mut self) -> bool {
        if self.starred_at.take().is_none() {
            return false;
        }
        self.remind_at = None;
        self.reminded_at = None;
        self.note.clear();
        self.version += 1;
        true
    }

    /// Notes that the reminder is told now; false: its time has not come, or it was told.
    pub fn remind(&mut self, now: Timestamp) -> bool {
        if self.due().is_none_or(|at| at > now) {
            return false;
        }
        self.reminded_at = Some(now);
        self.version += 1;
        true
    }
}

fn check_time(at: Timestamp, now: Timestamp) -> Result<(), Invalid> {
    let ahead = at.duration_since(now);
    if ahead > SignedDuration::ZERO && ahead <= FARTHEST {
        return Ok(());
    }
    Err(Invalid::new("remind_at", "must be in the future, by 400 days at most"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn star() -> Star {
        let [id, conversation] = [1, 2].map(Uuid::from_u128);
        Star::none(id, conversation.into(), 17, AgentId::parse("anna").expect("a slug"))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    fn wish(remind_at: Option<i64>, note: &str) -> Wish {
        Wish {
            remind_at: remind_at.map(at),
            note: note.to_owned(),
        }
    }

    #[test]
    fn impossible_times_and_notes_are_refused_by_their_field() {
        let far = FARTHEST.as_secs();
        for (wanted, field) in [
            (wish(Some(0), ""), "remind_at"),
            (wish(Some(far + 1), ""), "remind_at"),
            (wish(None, &"x".repeat(201)), "note"),
            (wish(None, "a\nb"), "note"),
        ] {
            assert_eq!(star().set(wanted, at(0)).expect_err(field).field, field);
        }
        assert_eq!(star().set(wish(Some(far), &"ż".repeat(200)), at(0)), Ok(true));
    }

    #[test]
    fn a_time_that_was_told_stays_until_it_is_moved() {
        let mut star = star();
        assert_eq!(star.set(wish(Some(10), ""), at(0)), Ok(true));
        assert!(!star.remind(at(9)) && star.remind(at(10)) && !star.remind(at(11)));
        assert_eq!(star.set(wish(Some(10), ""), at(20)), Ok(false));
        assert_eq!(star.set(wish(Some(10), "called"), at(20)), Ok(true));
        assert_eq!(star.due(), None, "another note is no other time");
        assert_eq!(star.set(wish(Some(30), "called"), at(20)), Ok(true));
        assert_eq!(star.due(), Some(at(30)));
    }

    proptest! {
        /// Whatever is done in whatever order: versions grow by one with each change, and each time that was set is told at most once.
        #[test]
        fn a_time_is_told_once(steps in prop::collection::vec((0_u8..4, 1_i64..50), 1..60)) {
            let (mut star, mut now, mut told, mut moved) = (star(), 0, 0, 0);
            for (step, seconds) in steps {
                let before = star.clone();
                let changed = match step {
                    0 => star.set(wish(Some(now + seconds), ""), at(now)).expect("a time to come"),
                    1 => star.remove(),
                    2 => star.remind(at(now)),
                    _ => {
                        now += seconds;
                        false
                    }
                };
                prop_assert_eq!(star.version, before.version + u64::from(changed));
                told += u32::from(step == 2 && changed);
                moved += u32::from(star.remind_at.is_some() && star.remind_at != before.remind_at);
                prop_assert!(told <= moved);
            }
        }
    }
}
