use ::domain::{AgentId, TeamId, Timestamp};
use events::event::AgentAvailability;

/// Whether an agent can be given chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    Available,
    Busy,
    Away,
    Offline,
}

impl Availability {
    const ALL: [Self; 4] = [Self::Available, Self::Busy, Self::Away, Self::Offline];

    /// The word as stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|availability| availability.word() == word)
    }

    /// `None` for unspecified.
    pub(crate) fn from_event(availability: AgentAvailability) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|own| AgentAvailability::from(*own) == availability)
    }
}

impl From<Availability> for AgentAvailability {
    fn from(availability: Availability) -> Self {
        match availability {
            Availability::Available => Self::Available,
            Availability::Busy => Self::Busy,
            Availability::Away => Self::Away,
            Availability::Offline => Self::Offline,
        }
    }
}

/// An agent as routing sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) availability: Availability,
    pub(crate) since: Timestamp,
    /// 1, 2, 3 ... with each change of availability.
    pub(crate) version: u64,
    pub(crate) teams: Vec<TeamId>,
    /// False: their console lost its connection, or left.
    pub(crate) is_connected: bool,
}

impl Agent {
    /// An agent who tells their availability for the first time.
    pub(crate) fn first(id: AgentId, availability: Availability, now: Timestamp) -> Self {
        Self {
            id,
            availability,
            since: now,
            version: 1,
            teams: Vec::new(),
            is_connected: true,
        }
    }

    /// The agent after saying so; `None` if that is what they said last.
    pub(crate) fn set_availability(&self, availability: Availability, now: Timestamp) -> Option<Self> {
        (self.availability != availability).then(|| Self {
            availability,
            since: now,
            version: self.version + 1,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    proptest! {
        #[test]
        fn versions_count_changes_and_repetitions_change_nothing(said in prop::collection::vec(0..4usize, 1..30)) {
            let id = AgentId::parse("ann").expect("a slug");
            let mut words = said.iter().map(|word| Availability::ALL[*word]);
            let mut agent = Agent::first(id, words.next().expect("at least one"), at(0));
            for (second, availability) in (1..).zip(words) {
                let before = agent.clone();
                match agent.set_availability(availability, at(second)) {
                    None => prop_assert_eq!(before.availability, availability),
                    Some(after) => {
                        prop_assert_ne!(before.availability, availability);
                        prop_assert_eq!((after.version, after.since), (before.version + 1, at(second)));
                        agent = after;
                    }
                }
                prop_assert_eq!(agent.availability, availability);
            }
        }
    }

    #[test]
    fn every_word_reads_back() {
        for availability in Availability::ALL {
            assert_eq!(Availability::from_word(availability.word()), Some(availability));
            assert_eq!(Availability::from_event(availability.into()), Some(availability));
        }
    }
}
