use crate::domain::Moment;
use std::time::Duration;

/// A tab's socket, by a hash of its id: a visitor has few, so 64 bits do not collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TabKey(u64);

impl TabKey {
    /// FNV-1a over the gateway's own id of the socket.
    pub fn of(id: &str) -> Self {
        Self(id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }
}

/// How a tab ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The page said so.
    Closed,
    /// It went without a word.
    Lost,
}

/// The state of a tab as its signal tells it, with ages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabState {
    /// Age of the last input.
    pub idle: Duration,
    /// Input goes on: its clock stands.
    pub active: bool,
    /// Since when hidden; `None`: visible.
    pub hidden: Option<Duration>,
    pub ending: Option<Ending>,
}

/// A gateway within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GatewayNo(pub(crate) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Live,
    Closed(Moment),
    Lost(Moment),
}

/// What is kept of a tab: small and fixed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tab {
    pub(crate) key: TabKey,
    /// Of the signal that this state is from.
    pub(crate) number: u64,
    pub(crate) input_at: Moment,
    pub(crate) hidden_at: Option<Moment>,
    pub(crate) life: Life,
    pub(crate) gateway: GatewayNo,
    pub(crate) active: bool,
    /// Its opening has been counted.
    pub(crate) opened: bool,
}

impl Tab {
    pub(crate) fn new(gateway: GatewayNo, key: TabKey, number: u64, state: TabState, now: Moment) -> Self {
        let ended = state.ending.is_some();
        Self {
            key,
            number,
            input_at: if state.active { now } else { now - state.idle },
            hidden_at: state.hidden.map(|age| now - age),
            life: match state.ending {
                None => Life::Live,
                Some(Ending::Closed) => Life::Closed(now),
                Some(Ending::Lost) => Life::Lost(now),
            },
            gateway,
            active: state.active && !ended,
            opened: !ended,
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.life == Life::Live
    }

    /// Its gateway no longer knows it.
    pub(crate) fn lose(&mut self, number: u64, now: Moment) {
        if self.active {
            self.input_at = now;
        }
        self.active = false;
        self.number = number;
        self.life = Life::Lost(now);
    }
}

/// A visitor's tabs: nearly always one, which then needs no allocation.
#[derive(Debug, Clone)]
pub(crate) enum Tabs {
    None,
    One(Tab),
    Many(Vec<Tab>),
}

impl Tabs {
    pub(crate) fn as_slice(&self) -> &[Tab] {
        match self {
            Self::None => &[],
            Self::One(tab) => std::slice::from_ref(tab),
            Self::Many(tabs) => tabs,
        }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [Tab] {
        match self {
            Self::None => &mut [],
            Self::One(tab) => std::slice::from_mut(tab),
            Self::Many(tabs) => tabs,
        }
    }

    pub(crate) fn push(&mut self, tab: Tab) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(tab),
            Self::One(first) => Self::Many(vec![first, tab]),
            Self::Many(mut tabs) => {
                tabs.push(tab);
                Self::Many(tabs)
            }
        };
    }

    /// Keeps what `keep` says, in as little room as possible.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Tab) -> bool) {
        match self {
            Self::None => {}
            Self::One(tab) => {
                if !keep(tab) {
                    *self = Self::None;
                }
            }
            Self::Many(tabs) => {
                tabs.retain(keep);
                match tabs.as_slice() {
                    [] => *self = Self::None,
                    [last] => *self = Self::One(*last),
                    _ => {}
                }
            }
        }
    }
}
