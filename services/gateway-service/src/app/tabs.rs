use super::edge::lock;
use crate::domain::ledger::{Ledger, Numbered, TabKey};
use crate::domain::session::Session;
use crate::domain::tab::{Tab, TabReport};
use domain::{Clock, VisitorId, WorkspaceId};
use events::event::{GatewayLease, Snapshot, TabEnd, TabSignal};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Signals that may wait for NATS. Beyond, the newest are dropped: their numbers are missed, and a snapshot is asked
/// for, which is cheaper than a memory that grows while NATS is away.
const MOST_WAITING: usize = 16 * 1024;

/// What is told about tabs, in this order.
#[derive(Debug)]
pub enum Word {
    Signal(Numbered),
    Lease(GatewayLease),
    /// A tab of another gateway was closed by a beacon that reached us.
    Elsewhere(TabSignal),
}

/// The live tabs of this process, and the queue of what is told of them. Numbers are given and queued under one lock,
/// so they leave in order.
pub struct Tabs {
    gateway: Uuid,
    clock: Arc<dyn Clock>,
    ledger: Mutex<Ledger>,
    queue: mpsc::Sender<Word>,
}

impl Tabs {
    /// `gateway` names this process and is new at every start. What is to be published comes out of the receiver.
    pub fn new(gateway: Uuid, clock: Arc<dyn Clock>) -> (Self, mpsc::Receiver<Word>) {
        let (queue, words) = mpsc::channel(MOST_WAITING);
        let tabs = Self {
            gateway,
            clock,
            ledger: Mutex::new(Ledger::new(gateway)),
            queue,
        };
        (tabs, words)
    }

    pub fn gateway(&self) -> Uuid {
        self.gateway
    }

    /// A socket of this visitor opened. The tab ends with the returned handle, at the latest.
    pub fn open(self: &Arc<Self>, workspace: &WorkspaceId, visitor: VisitorId, id: Uuid) -> OpenTab {
        let open = OpenTab {
            tabs: self.clone(),
            key: TabKey::new(workspace, visitor, id),
            workspace: workspace.clone(),
            visitor,
        };
        open.reopen();
        open
    }

    /// Closes a tab by its key, wherever its socket is.
    pub fn close(&self, session: &Session, id: Uuid) {
        let key = TabKey::new(&session.workspace, session.visitor, id);
        if self.end(key, TabEnd::Closed) {
            return;
        }
        let tab = Tab::open(id, session.workspace.clone(), session.visitor, self.clock.now());
        let word = tab.signal(self.gateway, 0, TabEnd::Closed, self.clock.now());
        self.queue(Word::Elsewhere(word));
    }

    /// Closes a tab of ours on the word of another gateway. False if it is not ours.
    pub fn end(&self, key: TabKey, end: TabEnd) -> bool {
        self.tell(|ledger| ledger.end(key, end, self.clock.now()))
    }

    /// `None`: there is no such shard.
    pub fn snapshot(&self, shard: u32) -> Option<Snapshot> {
        lock(&self.ledger).snapshot(shard, self.clock.now())
    }

    /// Tells that this gateway lives, and how far its numbers have come.
    pub fn lease(&self, leaving: bool) {
        let ledger = lock(&self.ledger);
        self.queue(Word::Lease(ledger.lease(leaving)));
    }

    /// How many tabs are live.
    pub fn live(&self) -> usize {
        lock(&self.ledger).tabs()
    }

    fn tell(&self, edge: impl FnOnce(&mut Ledger) -> Option<Numbered>) -> bool {
        let mut ledger = lock(&self.ledger);
        let told = edge(&mut ledger);
        let any = told.is_some();
        if let Some(signal) = told {
            self.queue(Word::Signal(signal));
        }
        any
    }

    fn queue(&self, word: Word) {
        if self.queue.try_send(word).is_err() {
            tracing::debug!("the queue of presence signals is full: one is dropped, its number will be missed");
        }
    }
}

/// A live tab. Dropped without an end, it is lost.
pub struct OpenTab {
    tabs: Arc<Tabs>,
    key: TabKey,
    workspace: WorkspaceId,
    visitor: VisitorId,
}

impl OpenTab {
    pub fn id(&self) -> Uuid {
        self.key.id
    }

    pub fn report(&self, report: TabReport) {
        let now = self.tabs.clock.now();
        self.reopen();
        self.tabs.tell(|ledger| ledger.report(self.key, report, now));
    }

    /// Something was typed and sent.
    pub fn typed(&self) {
        let now = self.tabs.clock.now();
        self.reopen();
        self.tabs.tell(|ledger| ledger.typed(self.key, now));
    }

    pub fn is_visible(&self) -> bool {
        lock(&self.tabs.ledger).is_visible(self.key)
    }

    pub fn shows_messages(&self) -> bool {
        lock(&self.tabs.ledger).shows_messages(self.key)
    }

    /// A page that its beacon gave up and that goes on talking has come back.
    fn reopen(&self) {
        let now = self.tabs.clock.now();
        self.tabs.tell(|ledger| {
            let tab = || Tab::open(self.key.id, self.workspace.clone(), self.visitor, now);
            (!ledger.holds(self.key)).then(|| ledger.open(tab(), now))
        });
    }

    pub fn end(self, end: TabEnd) {
        self.tabs.end(self.key, end);
    }
}

impl Drop for OpenTab {
    fn drop(&mut self) {
        // The first word counts: after an end this says nothing.
        self.tabs.end(self.key, TabEnd::Lost);
    }
}
