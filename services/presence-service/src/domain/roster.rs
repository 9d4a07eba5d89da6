use crate::domain::gateway::Gateways;
use crate::domain::mass_loss::MassLoss;
use crate::domain::tab::{GatewayNo, Tab, TabKey};
use crate::domain::verdict::{World, judge};
use crate::domain::visitor::{Change, Published, Visitor};
use crate::domain::wheel::Wheel;
use crate::domain::{Lease, Limits, Moment, Signal, Snapshot, TabState, Who};
use ::domain::{PresenceCause, PresenceState, VisitorId, WorkspaceId};
use events::signal::SHARDS;
use std::collections::HashMap;
use std::time::Duration;

/// How long signals may be overtaken by others: so long an ended tab is remembered, lest it opens again.
const LATE: Duration = Duration::from_secs(10);

/// What others may know of a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub state: PresenceState,
    pub cause: PresenceCause,
    pub since: Moment,
    /// (epoch, version) orders the transitions of a visitor.
    pub epoch: u64,
    pub version: u64,
    /// Some tab is open, visible and had input within the input limit.
    pub attentive: bool,
    pub last_input_at: Option<Moment>,
}

/// A change of state or cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub who: Who,
    pub view: View,
}

/// A gateway is to be asked for the tabs of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotWanted {
    pub gateway: String,
    pub shard: u32,
}

/// What is to be done about what was heard.
#[derive(Debug, Default)]
pub struct Effects {
    pub transitions: Vec<Transition>,
    pub snapshots: Vec<SnapshotWanted>,
}

/// The last transition of a visitor, as a new owner finds it.
#[derive(Debug, Clone)]
pub struct Restored {
    pub who: Who,
    pub state: PresenceState,
    pub cause: PresenceCause,
    pub since: Moment,
    pub epoch: u64,
    pub version: u64,
}

/// A visitor, with the workspace by its number.
type Key = (u32, VisitorId);

/// Every visitor who is there or may be. Those who are surely gone live in the table alone.
#[derive(Debug)]
pub struct Roster {
    limits: Limits,
    epoch: u64,
    version: u64,
    workspaces: Vec<WorkspaceId>,
    workspace_numbers: HashMap<WorkspaceId, u32>,
    gateways: Gateways,
    shards: Vec<HashMap<Key, Box<Visitor>>>,
    wheel: Wheel<Key>,
    mass_loss: MassLoss,
    recovering_until: Moment,
    recovered_at: Option<Moment>,
    effects: Effects,
}

impl Roster {
    /// A new owner's roster. Rows in `restored` say who was there; they stand until the gateways have been asked.
    pub fn new(epoch: u64, limits: Limits, restored: Vec<Restored>, now: Moment) -> Self {
        let mut roster = Self {
            limits,
            epoch,
            version: 0,
            workspaces: Vec::new(),
            workspace_numbers: HashMap::new(),
            gateways: Gateways::default(),
            shards: std::iter::repeat_with(HashMap::new).take(SHARDS as usize).collect(),
            wheel: Wheel::new(now),
            mass_loss: MassLoss::default(),
            recovering_until: now + limits.recovery,
            recovered_at: None,
            effects: Effects::default(),
        };
        for row in restored {
            let (shard, key) = roster.place(&row.who);
            let mut visitor = Visitor::new();
            visitor.restored = true;
            visitor.published = Some(Published {
                state: row.state,
                cause: row.cause,
                since: row.since,
                epoch: row.epoch,
                version: row.version,
            });
            roster.shards[shard].insert(key, Box::new(visitor));
        }
        roster
    }

    /// One tab's state.
    pub fn hear(&mut self, signal: &Signal, now: Moment) {
        let gateway = self.enter(&signal.gateway, now);
        self.gateways.hear(gateway, now);
        let (shard, key) = self.place(&signal.who);
        let shard_no = u32::try_from(shard).expect("a few shards");
        let numbers = self.gateways.numbers(gateway, shard_no);
        if !numbers.note(signal.number) {
            return;
        }
        if numbers.has_gap() {
            self.want_snapshot(gateway, shard_no, now);
        }
        self.fold(shard, key, gateway, signal.number, (signal.tab, signal.state), now);
    }

    /// A gateway is alive, or leaves.
    pub fn renew(&mut self, lease: &Lease, now: Moment) {
        let gateway = self.enter(&lease.gateway, now);
        if lease.leaving {
            self.lose_gateway(gateway, now);
            return;
        }
        let was_accepting = self.gateways.accepting_since().is_some();
        let back = self.gateways.renew(gateway, now);
        for (shard, last) in (0..SHARDS).zip(&lease.last_numbers) {
            let missed = self.gateways.numbers(gateway, shard).misses(*last);
            if missed || (back && *last > 0) {
                self.want_snapshot(gateway, shard, now);
            }
        }
        if back {
            self.reconsider(
                |visitor, _| visitor.tabs.as_slice().iter().any(|tab| tab.gateway == gateway),
                now,
            );
        }
        if !was_accepting {
            self.reconsider(|visitor, roster| roster.waits_for_gateways(visitor), now);
        }
    }

    /// All live tabs of a shard at a gateway. Live tabs it does not name are lost.
    pub fn restate(&mut self, snapshot: &Snapshot, now: Moment) {
        let gateway = self.enter(&snapshot.gateway, now);
        if snapshot.shard >= SHARDS {
            return;
        }
        self.gateways.numbers(gateway, snapshot.shard).restate(snapshot.number);
        self.gateways.answered(gateway, snapshot.shard);
        let mut named: HashMap<Key, Vec<TabKey>> = HashMap::new();
        for (who, tab, state) in &snapshot.tabs {
            let (shard, key) = self.place(who);
            named.entry(key).or_default().push(*tab);
            self.fold(shard, key, gateway, snapshot.number, (*tab, *state), now);
        }
        let shard = snapshot.shard as usize;
        let mut losers = Vec::new();
        for (key, visitor) in &mut self.shards[shard] {
            let named = named.get(key).map_or(&[][..], Vec::as_slice);
            let lost = visitor.lose_unnamed(gateway, snapshot.number, named, now);
            if lost > 0 {
                losers.push((*key, lost));
            }
        }
        losers.sort_unstable_by_key(|(key, _)| *key);
        for (key, lost) in losers {
            (0..lost).for_each(|_| self.gateways.ended(gateway));
            self.mass_loss.note(lost, self.gateways.sockets(), now, &self.limits);
            self.settle(shard, key, now);
        }
    }

    /// A snapshot did not come: the gateway's next lease asks again.
    pub fn snapshot_missed(&mut self, wanted: &SnapshotWanted) {
        if let Some(gateway) = self.gateways.find(&wanted.gateway).filter(|_| wanted.shard < SHARDS) {
            self.gateways.answered(gateway, wanted.shard);
        }
    }

    /// Time has passed.
    pub fn elapse(&mut self, now: Moment) {
        for gateway in self.gateways.silent(now, &self.limits) {
            self.lose_gateway(gateway, now);
        }
        if self.recovered_at.is_none() && self.recovering_until <= now {
            self.recovered_at = Some(now);
            self.reconsider(|visitor, _| visitor.restored, now);
        }
        for (due, key) in self.wheel.advance(now) {
            let shard = self.shard_of(key);
            let Some(visitor) = self.shards[shard].get_mut(&key) else {
                continue;
            };
            if visitor.armed == Some(due) {
                visitor.armed = None;
                self.settle(shard, key, now);
            }
        }
        self.gateways.forget_empty();
    }

    /// When time alone will change something next, at the earliest.
    pub fn next_due(&self) -> Option<Moment> {
        let recovery = Some(self.recovering_until).filter(|_| self.recovered_at.is_none());
        let silence = self.gateways.next_silence(&self.limits);
        [self.wheel.next(), silence, recovery].into_iter().flatten().min()
    }

    /// What is to be done since the last call.
    pub fn take_effects(&mut self) -> Effects {
        std::mem::take(&mut self.effects)
    }

    /// A transition is in the table: a visitor who is surely gone need not be kept here any more.
    pub fn written(&mut self, who: &Who, version: u64) {
        let (shard, key) = self.place(who);
        let Some(visitor) = self.shards[shard].get_mut(&key) else {
            return;
        };
        if visitor
            .published
            .is_some_and(|published| published.epoch == self.epoch && published.version == version)
        {
            visitor.unwritten = false;
            self.forget_if_gone(shard, key);
        }
    }

    /// `None`: not here; the table has the last transition, if there is one.
    pub fn view(&self, who: &Who, now: Moment) -> Option<View> {
        let workspace = *self.workspace_numbers.get(&who.workspace)?;
        let shard = events::signal::shard(&who.workspace, who.visitor) as usize;
        let visitor = self.shards[shard].get(&(workspace, who.visitor))?;
        visitor.view(&self.gateways, &self.limits, now)
    }

    /// Many sockets are going at once.
    pub fn mass_loss(&self, now: Moment) -> bool {
        self.mass_loss.is_on(now)
    }

    /// Visitors in memory.
    pub fn len(&self) -> usize {
        self.shards.iter().map(HashMap::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn enter(&mut self, gateway: &str, now: Moment) -> GatewayNo {
        let was_accepting = self.gateways.accepting_since().is_some();
        let no = self.gateways.enter(gateway, now);
        if !was_accepting && self.gateways.accepting_since().is_some() {
            self.reconsider(|visitor, roster| roster.waits_for_gateways(visitor), now);
        }
        no
    }

    fn fold(&mut self, shard: usize, key: Key, gateway: GatewayNo, number: u64, tab: (TabKey, TabState), now: Moment) {
        let visitor = self.shards[shard]
            .entry(key)
            .or_insert_with(|| Box::new(Visitor::new()));
        match visitor.fold(Tab::new(gateway, tab.0, number, tab.1, now), now) {
            Change::Opened => self.gateways.opened(gateway),
            Change::Closed => self.gateways.ended(gateway),
            Change::Lost => {
                self.gateways.ended(gateway);
                self.mass_loss.note(1, self.gateways.sockets(), now, &self.limits);
            }
            Change::None => {}
        }
        self.settle(shard, key, now);
    }

    fn lose_gateway(&mut self, gateway: GatewayNo, now: Moment) {
        if let Some(tabs) = self.gateways.lose(gateway, now) {
            self.mass_loss.note(tabs, self.gateways.sockets(), now, &self.limits);
            self.reconsider(
                |visitor, _| visitor.tabs.as_slice().iter().any(|tab| tab.gateway == gateway),
                now,
            );
        }
    }

    fn waits_for_gateways(&self, visitor: &Visitor) -> bool {
        let lost = |tab: &Tab| tab.is_live() && self.gateways.lost_at(tab.gateway).is_some();
        visitor.restored || visitor.tabs.as_slice().iter().any(lost)
    }

    /// Judges again whom `concerned` names. Walks over all visitors: for gateways that come and go, nothing else.
    fn reconsider(&mut self, concerned: impl Fn(&Visitor, &Self) -> bool, now: Moment) {
        for shard in 0..self.shards.len() {
            let visitors = self.shards[shard].iter();
            let mut keys: Vec<Key> = visitors
                .filter(|(_, visitor)| concerned(visitor, self))
                .map(|(key, _)| *key)
                .collect();
            keys.sort_unstable();
            for key in keys {
                self.settle(shard, key, now);
            }
        }
    }

    /// Judges a visitor, publishes what changed, arms the next deadline.
    fn settle(&mut self, shard: usize, key: Key, now: Moment) {
        let Some(visitor) = self.shards[shard].get_mut(&key) else {
            return;
        };
        if self.recovered_at.is_some() && !matches!(visitor.tabs.as_slice(), []) {
            visitor.restored = false;
        }
        let world = World {
            limits: &self.limits,
            gateways: &self.gateways,
            recovered_at: self.recovered_at,
        };
        let Some(verdict) = judge(visitor, &world, now) else {
            return;
        };
        let unchanged = |last: Published| (last.state, last.cause) == (verdict.state, verdict.cause);
        if !visitor.published.is_some_and(unchanged) {
            self.version += 1;
            visitor.unwritten = true;
            visitor.published = Some(Published {
                state: verdict.state,
                cause: verdict.cause,
                since: verdict.since.unwrap_or(now),
                epoch: self.epoch,
                version: self.version,
            });
            let workspace = self.workspaces[key.0 as usize].clone();
            let who = Who {
                workspace,
                visitor: key.1,
            };
            let view = visitor
                .view(&self.gateways, &self.limits, now)
                .expect("it was published above");
            self.effects.transitions.push(Transition { who, view });
        }
        let forget_at = verdict.settled.map(|gone_at| gone_at + LATE);
        let freed = match forget_at {
            Some(at) if at <= now => visitor.forget_tabs(),
            _ => visitor.tidy(&self.gateways, &self.limits, now),
        };
        let due = forget_at.filter(|at| *at > now).or(verdict.due);
        if let Some(due) = due.filter(|due| visitor.armed.is_none_or(|armed| armed > *due)) {
            visitor.armed = Some(due);
            self.wheel.arm(due, key);
        }
        for gateway in freed {
            self.gateways.ended(gateway);
        }
        self.forget_if_gone(shard, key);
    }

    fn forget_if_gone(&mut self, shard: usize, key: Key) {
        let gone = |visitor: &Visitor| matches!(visitor.tabs.as_slice(), []) && !visitor.restored && !visitor.unwritten;
        if self.shards[shard].get(&key).is_some_and(|visitor| gone(visitor)) {
            self.shards[shard].remove(&key);
        }
    }

    fn want_snapshot(&mut self, gateway: GatewayNo, shard: u32, now: Moment) {
        if self.gateways.ask(gateway, shard, now) {
            let gateway = self.gateways.get(gateway).id.clone();
            self.effects.snapshots.push(SnapshotWanted { gateway, shard });
        }
    }

    fn place(&mut self, who: &Who) -> (usize, Key) {
        let number = match self.workspace_numbers.get(&who.workspace) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.workspaces.len()).expect("fewer workspaces than 2^32");
                self.workspaces.push(who.workspace.clone());
                self.workspace_numbers.insert(who.workspace.clone(), number);
                number
            }
        };
        (
            events::signal::shard(&who.workspace, who.visitor) as usize,
            (number, who.visitor),
        )
    }

    fn shard_of(&self, key: Key) -> usize {
        events::signal::shard(&self.workspaces[key.0 as usize], key.1) as usize
    }
}
