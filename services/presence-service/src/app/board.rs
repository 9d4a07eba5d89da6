use crate::domain::{
    Effects, Lease, Limits, Moment, Restored, Roster, Signal, Snapshot, SnapshotWanted, Transition, View, Who,
};
use ::domain::Clock;
use fault::{Fault, Result, codes};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc};

/// Transitions that wait for the database. When there are more, signals wait too; NATS drops what its buffer cannot
/// hold, the gap is seen, and a snapshot repairs it.
const PENDING: usize = 100_000;
/// Changes a watcher may be behind before its watch ends.
const WATCH_QUEUE: usize = 256;
/// Watches at once.
const WATCHES: usize = 10_000;

/// Something heard from the gateways.
#[derive(Debug)]
pub(crate) enum Heard {
    Signal(Signal),
    Lease(Lease),
}

/// What is known of a visitor, and whether many are being lost. `None`: the table has it, if anything has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) view: Option<View>,
    pub(crate) mass_loss: bool,
}

/// A change for a watcher.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) transition: Transition,
    pub(crate) mass_loss: bool,
}

/// What the owner knows, shared by the loops that keep it and the rpcs that read it. Empty while another process owns
/// presence. No lock is held while anything waits.
pub(crate) struct Board {
    clock: Arc<dyn Clock>,
    tenure: Mutex<Option<Tenure>>,
    /// Numbers of watches are not used again, not even by a later tenure.
    last_watch: AtomicU64,
    /// There are transitions to write, or room for more.
    pub(crate) pending_changed: Notify,
    /// There are snapshots to ask for.
    pub(crate) wanted_changed: Notify,
}

struct Tenure {
    roster: Roster,
    pending: VecDeque<Transition>,
    wanted: Vec<SnapshotWanted>,
    watchers: HashMap<Who, Vec<(u64, mpsc::Sender<Notice>)>>,
    watches: HashSet<u64>,
}

fn standing_by() -> Fault {
    Fault::new(
        &codes::UNAVAILABLE,
        "this replica is waiting for its turn to own presence; try again",
    )
}

impl Board {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            tenure: Mutex::new(None),
            last_watch: AtomicU64::new(0),
            pending_changed: Notify::new(),
            wanted_changed: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Tenure>> {
        self.tenure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now().into()
    }

    /// Sleeps until that moment by the service's clock; for ever without one.
    pub(crate) async fn sleep_until(&self, at: Option<Moment>) {
        match at {
            Some(at) => self.clock.sleep_until(at.timestamp()).await,
            None => std::future::pending().await,
        }
    }

    /// This process owns presence from now on.
    pub(crate) fn open(&self, epoch: u64, limits: Limits, restored: Vec<Restored>) {
        let roster = Roster::new(epoch, limits, restored, self.now());
        *self.lock() = Some(Tenure {
            roster,
            pending: VecDeque::new(),
            wanted: Vec::new(),
            watchers: HashMap::new(),
            watches: HashSet::new(),
        });
    }

    /// It no longer does: every watch ends.
    pub(crate) fn close(&self) {
        *self.lock() = None;
    }

    pub(crate) fn hear(&self, batch: &[Heard]) {
        self.change(|roster, now| {
            for heard in batch {
                match heard {
                    Heard::Signal(signal) => roster.hear(signal, now),
                    Heard::Lease(lease) => roster.renew(lease, now),
                }
            }
        });
    }

    pub(crate) fn restate(&self, snapshot: &Snapshot) {
        self.change(|roster, now| roster.restate(snapshot, now));
    }

    /// A snapshot did not come.
    pub(crate) fn snapshot_missed(&self, wanted: &SnapshotWanted) {
        self.change(|roster, _| roster.snapshot_missed(wanted));
    }

    pub(crate) fn elapse(&self) {
        self.change(Roster::elapse);
    }

    pub(crate) fn next_due(&self) -> Option<Moment> {
        self.lock().as_ref().and_then(|tenure| tenure.roster.next_due())
    }

    /// True while the database is too far behind to take in more.
    pub(crate) fn is_full(&self) -> bool {
        self.lock()
            .as_ref()
            .is_some_and(|tenure| tenure.pending.len() >= PENDING)
    }

    /// The oldest transitions that are not written yet, at most `limit`.
    pub(crate) fn pending(&self, limit: usize) -> Vec<Transition> {
        let tenure = self.lock();
        let pending = tenure.iter().flat_map(|tenure| &tenure.pending);
        pending.take(limit).cloned().collect()
    }

    /// These transitions, the oldest pending ones, are in the table.
    pub(crate) fn written(&self, batch: &[Transition]) {
        if let Some(tenure) = self.lock().as_mut() {
            tenure.pending.drain(..batch.len().min(tenure.pending.len()));
            for transition in batch {
                tenure.roster.written(&transition.who, transition.view.version);
            }
        }
        self.pending_changed.notify_waiters();
    }

    pub(crate) fn take_wanted(&self) -> Vec<SnapshotWanted> {
        self.lock()
            .as_mut()
            .map(|tenure| std::mem::take(&mut tenure.wanted))
            .unwrap_or_default()
    }

    /// What is known of these visitors, in the order asked.
    pub(crate) fn know(&self, visitors: &[Who]) -> Result<Vec<Known>> {
        let now = self.now();
        let tenure = self.lock();
        let roster = &tenure.as_ref().ok_or_else(standing_by)?.roster;
        let mass_loss = roster.mass_loss(now);
        let known = |who| Known {
            view: roster.view(who, now),
            mass_loss,
        };
        Ok(visitors.iter().map(known).collect())
    }

    /// Notices of every change of these visitors from now on. The receiver ends when it is too slow, or when this
    /// process no longer owns presence. To be given back with [`Board::unwatch`].
    pub(crate) fn watch(&self, visitors: &[Who]) -> Result<(u64, mpsc::Receiver<Notice>)> {
        let mut tenure = self.lock();
        let tenure = tenure.as_mut().ok_or_else(standing_by)?;
        if tenure.watches.len() >= WATCHES {
            return Err(Fault::new(
                &codes::RATE_LIMITED,
                "too many watches; end some or try again later",
            ));
        }
        let watch = self.last_watch.fetch_add(1, Ordering::Relaxed);
        tenure.watches.insert(watch);
        let (sender, receiver) = mpsc::channel(WATCH_QUEUE);
        for who in visitors {
            let watchers = tenure.watchers.entry(who.clone()).or_default();
            watchers.push((watch, sender.clone()));
        }
        Ok((watch, receiver))
    }

    pub(crate) fn unwatch(&self, watch: u64, visitors: &[Who]) {
        if let Some(tenure) = self.lock().as_mut().filter(|tenure| tenure.watches.contains(&watch)) {
            tenure.watches.remove(&watch);
            for who in visitors {
                tenure.drop_watcher(who, watch);
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Roster, Moment)) {
        let now = self.now();
        let mut tenure = self.lock();
        let Some(tenure) = tenure.as_mut() else { return };
        change(&mut tenure.roster, now);
        let Effects { transitions, snapshots } = tenure.roster.take_effects();
        if !snapshots.is_empty() {
            tenure.wanted.extend(snapshots);
            self.wanted_changed.notify_one();
        }
        if !transitions.is_empty() {
            let mass_loss = tenure.roster.mass_loss(now);
            for transition in transitions {
                tenure.notify(&transition, mass_loss);
                tenure.pending.push_back(transition);
            }
            self.pending_changed.notify_waiters();
        }
    }
}

impl Tenure {
    fn notify(&mut self, transition: &Transition, mass_loss: bool) {
        let Some(watchers) = self.watchers.get(&transition.who) else {
            return;
        };
        let notice = Notice {
            transition: transition.clone(),
            mass_loss,
        };
        let failed = watchers
            .iter()
            .filter(|(_, sender)| sender.try_send(notice.clone()).is_err());
        let slow: Vec<u64> = failed.map(|(watch, _)| *watch).collect();
        for watch in slow {
            // Its other senders go too: a watch that misses one change must end, not go on with a hole.
            let whose: Vec<Who> = self.watchers.keys().cloned().collect();
            whose.iter().for_each(|who| self.drop_watcher(who, watch));
        }
    }

    fn drop_watcher(&mut self, who: &Who, watch: u64) {
        if let Some(watchers) = self.watchers.get_mut(who) {
            watchers.retain(|(id, _)| *id != watch);
            if watchers.is_empty() {
                self.watchers.remove(who);
            }
        }
    }
}
