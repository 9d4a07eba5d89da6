use crate::domain::gateway::Gateways;
use crate::domain::tab::{GatewayNo, Life, Tab, TabKey, Tabs};
use crate::domain::{Limits, Moment, View};
use ::domain::{PresenceCause, PresenceState};

/// Tabs kept of one visitor, ended ones of the last moments included. Beyond, the oldest ended ones go first; a person
/// with more open tabs than this is present by those that are kept.
const TABS: usize = 32;

/// The last transition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Published {
    pub(crate) state: PresenceState,
    pub(crate) cause: PresenceCause,
    pub(crate) since: Moment,
    pub(crate) epoch: u64,
    pub(crate) version: u64,
}

/// A visitor who is there, or was until a moment ago.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) tabs: Tabs,
    /// Newest input of any tab.
    pub(crate) input_at: Option<Moment>,
    /// When the newest tab opened: connections lost before are taken to have come back with it.
    pub(crate) opened_at: Option<Moment>,
    pub(crate) published: Option<Published>,
    /// The deadline in the wheel that counts.
    pub(crate) armed: Option<Moment>,
    /// Known from a row alone: no tab has been heard of since this process owns presence.
    pub(crate) restored: bool,
    /// Its last transition is not in the table yet.
    pub(crate) unwritten: bool,
}

/// What a signal did to the number of open tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Opened,
    Closed,
    Lost,
    None,
}

impl Visitor {
    pub(crate) fn new() -> Self {
        Self {
            tabs: Tabs::None,
            input_at: None,
            opened_at: None,
            published: None,
            armed: None,
            restored: false,
            unwritten: false,
        }
    }

    /// Folds the state of one tab. Of two states of a tab the higher number stays; what both tell of input and opening
    /// is kept, so the order does not matter.
    pub(crate) fn fold(&mut self, new: Tab, now: Moment) -> Change {
        self.input_at = self.input_at.max(Some(new.input_at));
        let same = |tab: &&mut Tab| tab.key == new.key && tab.gateway == new.gateway;
        let (opens, change) = if let Some(tab) = self.tabs.as_mut_slice().iter_mut().find(same) {
            let opens = new.is_live() && !tab.opened;
            let was_live = tab.is_live();
            if new.number > tab.number {
                *tab = Tab {
                    opened: tab.opened,
                    ..new
                };
            }
            tab.opened |= opens;
            (opens, change(was_live, tab.life))
        } else if self.make_room() {
            self.tabs.push(new);
            (new.is_live(), change(false, new.life))
        } else {
            (false, Change::None)
        };
        if opens {
            self.opened_at = self.opened_at.max(Some(now));
            self.restored = false;
        }
        change
    }

    /// Ends the live tabs that a snapshot, current to `number`, does not name; says how many.
    pub(crate) fn lose_unnamed(&mut self, gateway: GatewayNo, number: u64, named: &[TabKey], now: Moment) -> u32 {
        let mut lost = 0;
        for tab in self.tabs.as_mut_slice() {
            let covered = tab.gateway == gateway && tab.number <= number && tab.is_live();
            if covered && !named.contains(&tab.key) {
                tab.lose(number, now);
                self.input_at = self.input_at.max(Some(tab.input_at));
                lost += 1;
            }
        }
        lost
    }

    /// Forgets ended tabs that no longer matter beside a live one, and tabs of lost gateways that have come back;
    /// hands out the gateways of the latter.
    pub(crate) fn tidy(&mut self, gateways: &Gateways, limits: &Limits, now: Moment) -> Vec<GatewayNo> {
        let live = |tab: &Tab| tab.is_live() && gateways.lost_at(tab.gateway).is_none();
        if !self.tabs.as_slice().iter().any(live) {
            return Vec::new();
        }
        let opened_at = self.opened_at;
        let mut freed = Vec::new();
        let window = limits.connection_lost.max(limits.grace);
        self.tabs.retain(|tab| match tab.life {
            Life::Closed(at) | Life::Lost(at) => at + window > now,
            Life::Live => {
                let back = gateways.lost_at(tab.gateway).is_some_and(|lost| Some(lost) < opened_at);
                if back {
                    freed.push(tab.gateway);
                }
                !back
            }
        });
        freed
    }

    /// Forgets every tab; hands out the gateways of those that had not ended.
    pub(crate) fn forget_tabs(&mut self) -> Vec<GatewayNo> {
        let live = self.tabs.as_slice().iter().filter(|tab| tab.is_live());
        let gateways = live.map(|tab| tab.gateway).collect();
        self.tabs = Tabs::None;
        self.restored = false;
        gateways
    }

    /// What others may know; `None` before the first transition.
    pub(crate) fn view(&self, gateways: &Gateways, limits: &Limits, now: Moment) -> Option<View> {
        let published = self.published?;
        let live = || {
            let tabs = self.tabs.as_slice().iter();
            tabs.filter(|tab| tab.is_live() && gateways.lost_at(tab.gateway).is_none())
        };
        let attentive = live().any(|tab| tab.hidden_at.is_none() && (tab.active || tab.input_at + limits.input > now));
        let input_goes_on = live().any(|tab| tab.active);
        Some(View {
            state: published.state,
            cause: published.cause,
            since: published.since,
            epoch: published.epoch,
            version: published.version,
            attentive,
            last_input_at: if input_goes_on { Some(now) } else { self.input_at },
        })
    }

    fn make_room(&mut self) -> bool {
        if self.tabs.as_slice().len() < TABS {
            return true;
        }
        let ended = |tab: &Tab| match tab.life {
            Life::Live => None,
            Life::Closed(at) | Life::Lost(at) => Some(at),
        };
        let oldest = self.tabs.as_slice().iter().filter_map(ended).min();
        self.tabs.retain(|tab| ended(tab).is_none() || ended(tab) > oldest);
        oldest.is_some()
    }
}

fn change(was_live: bool, life: Life) -> Change {
    match (was_live, life) {
        (false, Life::Live) => Change::Opened,
        (true, Life::Closed(_)) => Change::Closed,
        (true, Life::Lost(_)) => Change::Lost,
        _ => Change::None,
    }
}
