//! All live tabs of this process, and the numbers of the signals that told of them: 1, 2, 3 ... per shard, so that
//! whoever misses one sees it and asks for a snapshot.

use super::tab::{Tab, TabReport};
use domain::{Timestamp, VisitorId, WorkspaceId};
use events::event::{GatewayLease, Snapshot, TabEnd, TabSignal};
use events::signal::{SHARDS, shard};
use std::collections::HashMap;
use uuid::Uuid;

/// A signal, ready to be published on its shard.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    pub shard: u32,
    pub signal: TabSignal,
}

#[derive(Debug, Default)]
struct Shard {
    last: u64,
    tabs: HashMap<Uuid, Tab>,
}

/// See the module.
#[derive(Debug)]
pub struct Ledger {
    gateway: Uuid,
    shards: Vec<Shard>,
}

/// Where a tab is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabKey {
    shard: u32,
    pub id: Uuid,
}

impl TabKey {
    pub fn new(workspace: &WorkspaceId, visitor: VisitorId, id: Uuid) -> Self {
        Self {
            shard: shard(workspace, visitor),
            id,
        }
    }
}

impl Ledger {
    /// `gateway` names this process and is new at every start.
    pub fn new(gateway: Uuid) -> Self {
        Self {
            gateway,
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
        }
    }

    pub fn open(&mut self, tab: Tab, now: Timestamp) -> Numbered {
        let key = TabKey::new(&tab.workspace, tab.visitor, tab.id);
        self.shard(key.shard).tabs.insert(key.id, tab.clone());
        self.number(key.shard, &tab, TabEnd::Unspecified, now)
    }

    /// `None` if the report says nothing new, or the tab is no more.
    pub fn report(&mut self, key: TabKey, report: TabReport, now: Timestamp) -> Option<Numbered> {
        self.change(key, now, |tab| tab.report(report, now))
    }

    /// A message was typed in this tab.
    pub fn typed(&mut self, key: TabKey, now: Timestamp) -> Option<Numbered> {
        self.change(key, now, |tab| tab.typed(now))
    }

    /// The tab is no more. `None` if it had ended before: the first word counts.
    pub fn end(&mut self, key: TabKey, end: TabEnd, now: Timestamp) -> Option<Numbered> {
        let tab = self.shard(key.shard).tabs.remove(&key.id)?;
        Some(self.number(key.shard, &tab, end, now))
    }

    /// False once the tab has ended.
    pub fn holds(&self, key: TabKey) -> bool {
        self.shards[key.shard as usize].tabs.contains_key(&key.id)
    }

    /// False also once the tab has ended.
    pub fn is_visible(&self, key: TabKey) -> bool {
        let tab = self.shards[key.shard as usize].tabs.get(&key.id);
        tab.is_some_and(Tab::is_visible)
    }

    /// See [`Tab::shows_messages`]; false once the tab has ended.
    pub fn shows_messages(&self, key: TabKey) -> bool {
        self.shards[key.shard as usize]
            .tabs
            .get(&key.id)
            .is_some_and(Tab::shows_messages)
    }

    /// All live tabs of a shard, and the number they are current to. `None`: no such shard.
    pub fn snapshot(&self, shard: u32, now: Timestamp) -> Option<Snapshot> {
        let held = self.shards.get(shard as usize)?;
        let tell = |tab: &Tab| tab.signal(self.gateway, held.last, TabEnd::Unspecified, now);
        Some(Snapshot {
            gateway: self.gateway.to_string(),
            shard,
            number: held.last,
            tabs: held.tabs.values().map(tell).collect(),
        })
    }

    pub fn lease(&self, leaving: bool) -> GatewayLease {
        GatewayLease {
            gateway: self.gateway.to_string(),
            last_numbers: self.shards.iter().map(|shard| shard.last).collect(),
            leaving,
        }
    }

    /// How many tabs are live.
    pub fn tabs(&self) -> usize {
        self.shards.iter().map(|shard| shard.tabs.len()).sum()
    }

    fn change(&mut self, key: TabKey, now: Timestamp, edge: impl FnOnce(&mut Tab) -> bool) -> Option<Numbered> {
        let tab = self.shard(key.shard).tabs.get_mut(&key.id)?;
        let changed = edge(tab);
        let tab = tab.clone();
        changed.then(|| self.number(key.shard, &tab, TabEnd::Unspecified, now))
    }

    fn number(&mut self, shard: u32, tab: &Tab, end: TabEnd, now: Timestamp) -> Numbered {
        let gateway = self.gateway;
        let held = self.shard(shard);
        held.last += 1;
        Numbered {
            shard,
            signal: tab.signal(gateway, held.last, end, now),
        }
    }

    fn shard(&mut self, shard: u32) -> &mut Shard {
        &mut self.shards[shard as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn tab(id: u128) -> Tab {
        let workspace = WorkspaceId::parse("acme").expect("a slug");
        Tab::open(Uuid::from_u128(id), workspace, VisitorId(Uuid::from_u128(id % 7)), NOW)
    }

    fn key(tab: &Tab) -> TabKey {
        TabKey::new(&tab.workspace, tab.visitor, tab.id)
    }

    #[derive(Debug, Clone)]
    enum Edge {
        Open(u128),
        Report(u128, bool, bool),
        End(u128),
    }

    fn edge() -> impl Strategy<Value = Edge> {
        prop_oneof![
            (0..20u128).prop_map(Edge::Open),
            (0..20u128, any::<bool>(), any::<bool>()).prop_map(|(id, visible, quiet)| Edge::Report(id, visible, quiet)),
            (0..20u128).prop_map(Edge::End),
        ]
    }

    proptest! {
        /// Whoever folds the signals by number ends with the snapshot; no number is skipped or used twice.
        #[test]
        fn signals_and_snapshots_tell_the_same(edges in prop::collection::vec(edge(), 0..200)) {
            let mut ledger = Ledger::new(Uuid::nil());
            let mut seen: HashMap<u32, (u64, HashMap<String, TabSignal>)> = HashMap::new();
            for edge in edges {
                let told = match edge {
                    Edge::Open(id) => Some(ledger.open(tab(id), NOW)),
                    Edge::Report(id, visible, quiet) => {
                        ledger.report(key(&tab(id)), TabReport { visible, idle_ms: 0, quiet, panel_open: quiet }, NOW)
                    }
                    Edge::End(id) => ledger.end(key(&tab(id)), TabEnd::Closed, NOW),
                };
                let Some(Numbered { shard, signal }) = told else { continue };
                let (last, tabs) = seen.entry(shard).or_default();
                prop_assert_eq!(signal.number, *last + 1);
                *last = signal.number;
                if signal.end() == TabEnd::Unspecified {
                    tabs.insert(signal.tab.clone(), signal);
                } else {
                    tabs.remove(&signal.tab);
                }
            }
            for shard in 0..SHARDS {
                let snapshot = ledger.snapshot(shard, NOW).expect("a shard");
                let (last, tabs) = seen.remove(&shard).unwrap_or_default();
                prop_assert_eq!(snapshot.number, last);
                prop_assert_eq!(ledger.lease(false).last_numbers[shard as usize], last);
                prop_assert_eq!(snapshot.tabs.len(), tabs.len());
                for told in snapshot.tabs {
                    let known = TabSignal { number: told.number, ..tabs[&told.tab].clone() };
                    prop_assert_eq!(told, known);
                }
            }
        }
    }

    #[test]
    fn a_tab_ends_once() {
        let mut ledger = Ledger::new(Uuid::nil());
        let tab = tab(1);
        ledger.open(tab.clone(), NOW);
        assert!(ledger.end(key(&tab), TabEnd::Closed, NOW).is_some());
        assert!(ledger.end(key(&tab), TabEnd::Lost, NOW).is_none());
        assert_eq!(ledger.tabs(), 0);
        assert_eq!(ledger.snapshot(SHARDS, NOW), None);
    }
}
