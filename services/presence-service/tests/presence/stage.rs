//! A roster on a clock set by hand, with gateways that number their signals.

use domain::{PresenceCause, PresenceState, Timestamp, VisitorId, WorkspaceId};
use presence_service::domain::{
    Ending, Lease, Limits, Moment, Restored, Roster, Signal, Snapshot, SnapshotWanted, TabKey, TabState, Transition,
    View, Who,
};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

pub struct Stage {
    pub roster: Roster,
    pub now: Moment,
    pub transitions: Vec<Transition>,
    pub wanted: Vec<SnapshotWanted>,
    numbers: HashMap<(String, u32), u64>,
    rows: BTreeMap<VisitorId, View>,
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn who(visitor: u128) -> Who {
    let workspace = WorkspaceId::parse("acme").expect("a slug");
    Who {
        workspace,
        visitor: VisitorId(uuid::Uuid::from_u128(visitor)),
    }
}

pub fn start() -> Moment {
    Timestamp::from_second(1_800_000_000).expect("a time").into()
}

/// A visible tab with input a moment ago.
pub fn visible() -> TabState {
    TabState {
        idle: Duration::ZERO,
        active: false,
        hidden: None,
        ending: None,
    }
}

pub fn active() -> TabState {
    TabState {
        active: true,
        ..visible()
    }
}

pub fn idle(age: u64) -> TabState {
    TabState {
        idle: seconds(age),
        ..visible()
    }
}

pub fn hidden(age: u64) -> TabState {
    TabState {
        hidden: Some(seconds(age)),
        ..visible()
    }
}

pub fn closed() -> TabState {
    TabState {
        ending: Some(Ending::Closed),
        ..visible()
    }
}

pub fn lost() -> TabState {
    TabState {
        ending: Some(Ending::Lost),
        ..visible()
    }
}

impl Stage {
    /// A roster that has been running for a while.
    pub fn new() -> Self {
        let mut stage = Self::restarted(1, Vec::new());
        stage.lease("g1");
        stage.pass(30);
        stage
    }

    pub fn restarted(epoch: u64, restored: Vec<Restored>) -> Self {
        Self {
            roster: Roster::new(epoch, Limits::default(), restored, start()),
            now: start(),
            transitions: Vec::new(),
            wanted: Vec::new(),
            numbers: HashMap::new(),
            rows: BTreeMap::new(),
        }
    }

    /// The next signal of a gateway.
    pub fn signal(&mut self, gateway: &str, visitor: u128, tab: &str, state: TabState) -> Signal {
        let who = who(visitor);
        let shard = events::signal::shard(&who.workspace, who.visitor);
        let number = self.numbers.entry((gateway.to_owned(), shard)).or_default();
        *number += 1;
        Signal {
            gateway: gateway.into(),
            number: *number,
            who,
            tab: TabKey::of(tab),
            state,
        }
    }

    pub fn hear(&mut self, signal: &Signal) {
        self.roster.hear(signal, self.now);
        self.settle();
    }

    pub fn tab(&mut self, gateway: &str, visitor: u128, tab: &str, state: TabState) {
        let signal = self.signal(gateway, visitor, tab, state);
        self.hear(&signal);
    }

    pub fn last_number(&self, gateway: &str, shard: u32) -> u64 {
        self.numbers.get(&(gateway.to_owned(), shard)).copied().unwrap_or(0)
    }

    pub fn lease(&mut self, gateway: &str) {
        self.lease_or_leave(gateway, false);
    }

    pub fn leave(&mut self, gateway: &str) {
        self.lease_or_leave(gateway, true);
    }

    fn lease_or_leave(&mut self, gateway: &str, leaving: bool) {
        let last_numbers = (0..events::signal::SHARDS)
            .map(|shard| self.last_number(gateway, shard))
            .collect();
        let lease = Lease {
            gateway: gateway.into(),
            last_numbers,
            leaving,
        };
        self.roster.renew(&lease, self.now);
        self.settle();
    }

    /// The snapshot of one visitor's shard.
    pub fn snapshot(&mut self, gateway: &str, of: u128, tabs: &[(u128, &str, TabState)]) {
        let shard = events::signal::shard(&who(of).workspace, who(of).visitor);
        let tabs = tabs
            .iter()
            .map(|(visitor, tab, state)| (who(*visitor), TabKey::of(tab), *state))
            .collect();
        let number = self.last_number(gateway, shard);
        self.roster.restate(
            &Snapshot {
                gateway: gateway.into(),
                shard,
                number,
                tabs,
            },
            self.now,
        );
        self.settle();
    }

    /// Time passes while gateway g1 renews its lease.
    pub fn pass(&mut self, amount: u64) {
        self.pass_with(amount, &["g1"]);
    }

    pub fn pass_with(&mut self, amount: u64, leasing: &[&str]) {
        for second in 0..amount {
            self.now = self.now + seconds(1);
            for gateway in leasing.iter().filter(|_| second % 5 == 0) {
                self.lease(gateway);
            }
            self.roster.elapse(self.now);
            self.settle();
        }
    }

    pub fn state(&self, visitor: u128) -> Option<(PresenceState, PresenceCause)> {
        self.view(visitor).map(|view| (view.state, view.cause))
    }

    /// As GetPresence answers: from memory, else from the table.
    pub fn view(&self, visitor: u128) -> Option<View> {
        let row = || self.rows.get(&who(visitor).visitor).copied();
        self.roster.view(&who(visitor), self.now).or_else(row)
    }

    /// The states a visitor went through.
    pub fn history(&self, visitor: u128) -> Vec<(PresenceState, PresenceCause)> {
        let own = self
            .transitions
            .iter()
            .filter(|transition| transition.who == who(visitor));
        own.map(|transition| (transition.view.state, transition.view.cause))
            .collect()
    }

    fn settle(&mut self) {
        let effects = self.roster.take_effects();
        self.wanted.extend(effects.snapshots);
        for transition in effects.transitions {
            let row = self.rows.insert(transition.who.visitor, transition.view);
            assert!(row.is_none_or(|row| (row.epoch, row.version) < (transition.view.epoch, transition.view.version)));
            self.roster.written(&transition.who, transition.view.version);
            self.transitions.push(transition);
        }
    }
}
