use domain::{PresenceCause, PresenceState};
use jiff::Timestamp;

/// What is known of a visitor. The highest (epoch, version) wins; 0, 0 is 'never seen'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Presence {
    pub state: Option<PresenceState>,
    pub cause: Option<PresenceCause>,
    pub since: Option<Timestamp>,
    pub epoch: u64,
    pub version: u64,
}

impl Presence {
    /// True if that was news.
    pub fn changed(&mut self, told: Self) -> bool {
        let newer = (told.epoch, told.version) > (self.epoch, self.version);
        if newer {
            *self = told;
        }
        newer
    }

    /// In this state, and since when.
    pub fn since(&self, state: PresenceState) -> Option<Timestamp> {
        self.since.filter(|_| self.state == Some(state))
    }
}

/// What only the owner can tell at the moment of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fresh {
    pub last_input_at: Option<Timestamp>,
    pub mass_loss: bool,
}
