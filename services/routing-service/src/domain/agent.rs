use super::{Kind, Need};
use ::domain::{AgentId, Invalid, Language, TeamId, Timestamp};
use events::event::AgentAvailability;
use std::collections::BTreeMap;

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

/// Chats at once of a kind that nobody set.
pub(crate) const CAPACITY: u32 = 3;
const LARGEST_CAPACITY: u32 = 100;

/// How many chats of one kind an agent takes at once, and is alerted to or serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) capacity: u32,
    pub(crate) in_use: u32,
}

/// What an agent can take; what is not named is as it is without a profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Profile {
    /// Empty: all.
    pub(crate) languages: Vec<Language>,
    pub(crate) capacity: BTreeMap<Kind, u32>,
}

impl Profile {
    /// Takes no language and no kind twice, and no capacity that nobody has.
    pub(crate) fn new(languages: Vec<Language>, capacity: Vec<(Kind, u32)>) -> Result<Self, Invalid> {
        let mut own = Self::default();
        for language in languages {
            if own.languages.contains(&language) {
                return Err(Invalid::new("profile.languages", "names a language twice"));
            }
            own.languages.push(language);
        }
        for (kind, chats) in capacity {
            if chats > LARGEST_CAPACITY {
                return Err(Invalid::new("profile.capacity", "must be 0 to 100 chats"));
            }
            if own.capacity.insert(kind, chats).is_some() {
                return Err(Invalid::new("profile.capacity", "names a kind of channel twice"));
            }
        }
        Ok(own)
    }

    pub(crate) fn of(&self, kind: Kind) -> u32 {
        self.capacity.get(&kind).copied().unwrap_or(CAPACITY)
    }
}

/// In which teams an agent is, as conversation-service tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) teams: Vec<TeamId>,
    /// The higher one is the later word.
    pub(crate) version: u64,
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
    /// Of the teams, as they were told.
    pub(crate) teams_version: u64,
    /// False: their console lost its connection, or left.
    pub(crate) is_connected: bool,
    /// Languages they speak; empty: all.
    pub(crate) languages: Vec<Language>,
    /// By kind of channel; of every kind once they are stored.
    pub(crate) loads: BTreeMap<Kind, Load>,
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
            teams_version: 0,
            is_connected: true,
            languages: Vec::new(),
            loads: BTreeMap::new(),
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

    /// The agent in these teams; `None` if later ones were told.
    pub(crate) fn join(&self, told: &Membership) -> Option<Self> {
        (told.version >= self.teams_version).then(|| Self {
            teams: told.teams.clone(),
            teams_version: told.version,
            ..self.clone()
        })
    }

    /// Whether they can be given anything, as far as they have room.
    pub(crate) fn is_open(&self) -> bool {
        self.availability == Availability::Available && self.is_connected
    }

    /// Whether they can be given a chat of this kind now.
    pub(crate) fn has_room(&self, kind: Kind) -> bool {
        self.rooms().any(|(free, _)| free == kind)
    }

    /// Kinds of which they can be given chats now, and how many.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = (Kind, u32)> {
        let loads = self.loads.iter().filter(|_| self.is_open());
        let rooms = loads.map(|(kind, load)| (*kind, load.capacity.saturating_sub(load.in_use)));
        rooms.filter(|(_, room)| *room > 0)
    }

    /// Whether they are of the team and speak the language.
    pub(crate) fn could_serve(&self, need: &Need) -> bool {
        let is_of_team = need.team.as_ref().is_none_or(|team| self.teams.contains(team));
        let speaks = |language| self.languages.is_empty() || self.languages.contains(&language);
        is_of_team && need.language.is_none_or(speaks)
    }

    /// They went: what they hold is not theirs any more, and nobody waits for them.
    pub(crate) fn is_gone(&self) -> bool {
        self.availability == Availability::Offline || !self.is_connected
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
