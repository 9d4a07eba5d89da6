//! Who watches what in this process, and how they are woken. What they see is read from the database: a hint that is lost
//! costs them the wait until the next look.

use crate::domain::QueueView;
use ::domain::{AgentId, InvitationId, WorkspaceId};
use fault::Result;
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Hints that are lost cost a watcher no longer than this.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// What all watchers share. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    inner: Arc<Mutex<Inner>>,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct Inner {
    queues: HashMap<(WorkspaceId, String), Watched>,
    agents: Bells<AgentId>,
    invitations: Bells<InvitationId>,
}

/// Whom to wake when something of theirs moved.
#[derive(Debug)]
struct Bells<K>(HashMap<(WorkspaceId, K), watch::Sender<()>>);

impl<K> Default for Bells<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Bells<K> {
    fn watch(&mut self, workspace: &WorkspaceId, whose: K) -> watch::Receiver<()> {
        // Who watched what is over by now is never woken again.
        self.0.retain(|_, bell| bell.receiver_count() > 0);
        let bell = self.0.entry((workspace.clone(), whose));
        bell.or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// Who has nobody left to wake is forgotten.
    fn ring(&mut self, workspace: &WorkspaceId, whose: K) {
        let key = (workspace.clone(), whose);
        if self.0.get(&key).is_some_and(|bell| bell.send(()).is_err()) {
            self.0.remove(&key);
        }
    }
}

#[derive(Debug)]
struct Watched {
    changed: watch::Sender<()>,
    view: watch::Receiver<Option<Arc<QueueView>>>,
}

/// The side of a queue's watch that computes.
pub(super) struct Painter {
    pub(super) changed: watch::Receiver<()>,
    pub(super) view: watch::Sender<Option<Arc<QueueView>>>,
}

impl Board {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self {
            inner: Arc::default(),
            stop,
        }
    }

    /// Ends every watch.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Somebody's request moved: wakes who watches these agents, and the queues of the workspace.
    pub(crate) fn moved(&self, workspace: &WorkspaceId, agents: impl IntoIterator<Item = AgentId>) {
        let mut inner = self.inner();
        for agent in agents {
            inner.agents.ring(workspace, agent);
        }
        drop(inner);
        self.touch(workspace);
    }

    /// Something changed in the queues of a workspace.
    pub(crate) fn touch(&self, workspace: &WorkspaceId) {
        let inner = self.inner();
        for (_, watched) in inner.queues.iter().filter(|((of, _), _)| of == workspace) {
            watched.changed.send_replace(());
        }
    }

    /// Tells when an agent's requests moved.
    pub(super) fn watch_agent(&self, workspace: &WorkspaceId, agent: &AgentId) -> watch::Receiver<()> {
        self.inner().agents.watch(workspace, agent.clone())
    }

    /// An invitation moved: wakes who watches it.
    pub(crate) fn invitation_moved(&self, workspace: &WorkspaceId, invitation: InvitationId) {
        self.inner().invitations.ring(workspace, invitation);
    }

    /// Tells when an invitation moved.
    pub(super) fn watch_invitation(&self, workspace: &WorkspaceId, invitation: InvitationId) -> watch::Receiver<()> {
        self.inner().invitations.watch(workspace, invitation)
    }

    /// Looks on for a watcher until that ends, nobody listens any more, or the process stops; a fault is the last that is heard.
    pub(super) async fn look_on<T>(&self, out: &mpsc::Sender<Result<T>>, forward: impl Future<Output = Result<()>>) {
        let ended = tokio::select! {
            ended = forward => ended,
            () = out.closed() => Ok(()),
            () = self.stop.cancelled() => Ok(()),
        };
        if let Err(fault) = ended {
            // Who does not listen any more needs no reason.
            let _ = out.send(Err(fault)).await;
        }
    }

    /// A queue as its watchers see it; with what is to be computed from now on, if nobody watched it.
    pub(super) fn watch_queue(
        &self,
        workspace: &WorkspaceId,
        team: &str,
    ) -> (watch::Receiver<Option<Arc<QueueView>>>, Option<Painter>) {
        let mut inner = self.inner();
        let key = (workspace.clone(), team.to_owned());
        if let Some(watched) = inner.queues.get(&key) {
            return (watched.view.clone(), None);
        }
        let (changed, hears) = watch::channel(());
        let (view, seen) = watch::channel(None);
        let watched = Watched {
            changed,
            view: seen.clone(),
        };
        inner.queues.insert(key, watched);
        let painter = Painter { changed: hears, view };
        (seen, Some(painter))
    }

    /// Ends a queue's watch if nobody watches it; false: somebody does.
    pub(super) fn close_queue(&self, workspace: &WorkspaceId, team: &str, painter: &Painter) -> bool {
        let mut inner = self.inner();
        // The board's own is one of them.
        let is_alone = painter.view.receiver_count() <= 1 || self.stop.is_cancelled();
        if is_alone {
            inner.queues.remove(&(workspace.clone(), team.to_owned()));
        }
        is_alone
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until something changed, or it is time to look again.
pub(super) async fn changed(changed: &mut watch::Receiver<()>) {
    // Who told goes only with the process.
    let _ = tokio::time::timeout(LOOK_AGAIN, changed.changed()).await;
}
