use crate::domain::numbers::Numbers;
use crate::domain::tab::GatewayNo;
use crate::domain::{Limits, Moment};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// A snapshot that was asked for and did not come is asked for again after this.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// One gateway process.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) id: String,
    heard_at: Moment,
    /// Since when it is lost; `None`: it is alive.
    lost_at: Option<Moment>,
    /// Tabs that have not ended.
    tabs: u32,
    shards: Vec<Shard>,
}

#[derive(Debug, Clone, Default)]
struct Shard {
    numbers: Numbers,
    asked_at: Option<Moment>,
}

/// All gateways heard of, and since when at least one is alive.
#[derive(Debug, Default)]
pub(crate) struct Gateways {
    numbers: HashMap<String, GatewayNo>,
    gateways: BTreeMap<GatewayNo, Gateway>,
    last: u32,
    accepting_since: Option<Moment>,
}

impl Gateways {
    /// The number of a gateway, which is entered if it is new.
    pub(crate) fn enter(&mut self, id: &str, now: Moment) -> GatewayNo {
        if let Some(no) = self.numbers.get(id) {
            return *no;
        }
        self.last += 1;
        let no = GatewayNo(self.last);
        let shards = vec![Shard::default(); events::signal::SHARDS as usize];
        self.numbers.insert(id.to_owned(), no);
        self.gateways.insert(
            no,
            Gateway {
                id: id.to_owned(),
                heard_at: now,
                lost_at: None,
                tabs: 0,
                shards,
            },
        );
        self.accepting_since.get_or_insert(now);
        no
    }

    pub(crate) fn find(&self, id: &str) -> Option<GatewayNo> {
        self.numbers.get(id).copied()
    }

    pub(crate) fn get(&self, no: GatewayNo) -> &Gateway {
        self.gateways.get(&no).expect("a gateway stays while tabs refer to it")
    }

    fn get_mut(&mut self, no: GatewayNo) -> &mut Gateway {
        self.gateways
            .get_mut(&no)
            .expect("a gateway stays while tabs refer to it")
    }

    pub(crate) fn lost_at(&self, no: GatewayNo) -> Option<Moment> {
        self.get(no).lost_at
    }

    /// Since when some gateway accepts sockets; `None`: none does.
    pub(crate) fn accepting_since(&self) -> Option<Moment> {
        self.accepting_since
    }

    /// Notes that it talks. That alone does not bring a lost one back: its lease does.
    pub(crate) fn hear(&mut self, no: GatewayNo, now: Moment) {
        self.get_mut(no).heard_at = now;
    }

    /// Notes a lease; true if the gateway had been lost and is back.
    pub(crate) fn renew(&mut self, no: GatewayNo, now: Moment) -> bool {
        let gateway = self.get_mut(no);
        gateway.heard_at = now;
        let back = gateway.lost_at.take().is_some();
        self.accepting_since.get_or_insert(now);
        back
    }

    /// Marks a gateway lost; the tabs it held, or `None` if it was lost already.
    pub(crate) fn lose(&mut self, no: GatewayNo, now: Moment) -> Option<u32> {
        let gateway = self.get_mut(no);
        if gateway.lost_at.is_some() {
            return None;
        }
        gateway.lost_at = Some(now);
        let tabs = gateway.tabs;
        if self.gateways.values().all(|gateway| gateway.lost_at.is_some()) {
            self.accepting_since = None;
        }
        Some(tabs)
    }

    /// Gateways that are alive by name and have not been heard for too long.
    pub(crate) fn silent(&self, now: Moment, limits: &Limits) -> Vec<GatewayNo> {
        let silent = |gateway: &Gateway| gateway.lost_at.is_none() && gateway.heard_at + limits.lease <= now;
        self.gateways
            .iter()
            .filter(|(_, gateway)| silent(gateway))
            .map(|(no, _)| *no)
            .collect()
    }

    /// When the next gateway would be lost.
    pub(crate) fn next_silence(&self, limits: &Limits) -> Option<Moment> {
        let alive = self.gateways.values().filter(|gateway| gateway.lost_at.is_none());
        alive.map(|gateway| gateway.heard_at + limits.lease).min()
    }

    /// Forgets lost gateways that no tab refers to.
    pub(crate) fn forget_empty(&mut self) {
        let numbers = &mut self.numbers;
        self.gateways.retain(|_, gateway| {
            let keep = gateway.lost_at.is_none() || gateway.tabs > 0;
            if !keep {
                numbers.remove(&gateway.id);
            }
            keep
        });
    }

    pub(crate) fn opened(&mut self, no: GatewayNo) {
        self.get_mut(no).tabs += 1;
    }

    pub(crate) fn ended(&mut self, no: GatewayNo) {
        let gateway = self.get_mut(no);
        gateway.tabs = gateway.tabs.saturating_sub(1);
    }

    /// Open sockets at all gateways that are alive.
    pub(crate) fn sockets(&self) -> u64 {
        let alive = self.gateways.values().filter(|gateway| gateway.lost_at.is_none());
        alive.map(|gateway| u64::from(gateway.tabs)).sum()
    }

    pub(crate) fn numbers(&mut self, no: GatewayNo, shard: u32) -> &mut Numbers {
        &mut self.shard(no, shard).numbers
    }

    /// True if a snapshot is to be asked for now, and not one that is on its way.
    pub(crate) fn ask(&mut self, no: GatewayNo, shard: u32, now: Moment) -> bool {
        let shard = self.shard(no, shard);
        let waiting = shard.asked_at.is_some_and(|asked| now < asked + ASK_AGAIN);
        if !waiting {
            shard.asked_at = Some(now);
        }
        !waiting
    }

    pub(crate) fn answered(&mut self, no: GatewayNo, shard: u32) {
        self.shard(no, shard).asked_at = None;
    }

    fn shard(&mut self, no: GatewayNo, shard: u32) -> &mut Shard {
        let gateway = self.get_mut(no);
        gateway
            .shards
            .get_mut(shard as usize)
            .expect("callers check the shard's number")
    }
}
