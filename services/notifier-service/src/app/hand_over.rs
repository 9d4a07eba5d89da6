//! A delivery that is decided now is sent now: it is born claimed, and goes from the transaction that made it straight to
//! its check. Timers stand in only where too much is under way already, and after a crash.

use super::App;
use super::claim::Claimed;
use super::open_case::OpenCase;
use crate::domain::{Case, Status};
use crate::outbound::postgres::delivery::{self, Delivery};
use domain::{Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use store::Tx;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Deliveries handed over at once; what is beyond waits for its timer.
const AT_ONCE: usize = 32;
/// While stopping.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A delivery that is claimed by the transaction which adds it, and the place that is kept for sending it.
pub(crate) struct Handed {
    delivery: Delivery,
    place: OwnedSemaphorePermit,
}

/// Where deliveries are handed over.
pub struct Desk {
    places: Arc<Semaphore>,
    queue: mpsc::UnboundedSender<(Claimed, OwnedSemaphorePermit)>,
}

/// What was handed over and waits to be sent; bounded by the desk's places.
pub struct Queue(mpsc::UnboundedReceiver<(Claimed, OwnedSemaphorePermit)>);

impl Desk {
    pub fn open() -> (Self, Queue) {
        let (queue, receiver) = mpsc::unbounded_channel();
        let places = Arc::new(Semaphore::new(AT_ONCE));
        (Self { places, queue }, Queue(receiver))
    }
}

impl App {
    /// Adds a delivery that is due now, claimed if there is a place for it. False if the conversation has its
    /// confirmation already.
    pub(crate) async fn add_delivery(&self, tx: &mut Tx, open: &mut OpenCase, mut row: Delivery) -> Result<bool> {
        let place = self.desk.places.clone().try_acquire_owned().ok();
        let mut leased_until = None;
        if place.is_some() {
            (row.status, row.checks) = (Status::Checking, 1);
            leased_until = Some(open.now + SignedDuration::try_from(runtime::LEASE).map_err(Fault::internal)?);
        }
        let added = delivery::add_delivery(tx, &open.workspace, &row, leased_until).await?;
        match place.filter(|_| added) {
            Some(place) => open.handed.push(Handed { delivery: row, place }),
            None => open.arm(row.due_at),
        }
        Ok(added)
    }

    /// Commits a case that was settled, tells the timers of its deadlines, and hands over what it decided to send.
    pub(crate) async fn commit(&self, tx: Tx, open: OpenCase) -> Result<()> {
        tx.commit().await?;
        if let Some(at) = open.armed {
            self.store.due_at(at);
        }
        open.turned.iter().for_each(|turned| self.metrics.turned(turned));
        open.ended.iter().for_each(|reason| self.metrics.ended(*reason));
        let (workspace, case, at) = (open.workspace, open.case, open.now);
        for handed in open.handed {
            let claimed = claimed(&workspace, &case, at, handed.delivery);
            // Nobody sends any more: whoever runs when the lease ends takes it up.
            let _ = self.desk.queue.send((claimed, handed.place));
        }
        Ok(())
    }

    /// Sends what is handed over, until `stop`; then nothing is handed over any more, and what was is finished.
    pub async fn send_handed(self: Arc<Self>, mut queue: Queue, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        while let Some((claimed, place)) = tokio::select! {
            handed = queue.0.recv() => handed,
            () = stop.cancelled() => None,
        } {
            tasks.spawn(self.clone().send_one(claimed, place));
        }
        let places = &self.desk.places;
        places.close();
        // Whoever holds a place is sending, or commits and hands over in a moment.
        while places.available_permits() < AT_ONCE {
            tokio::select! {
                Some((claimed, place)) = queue.0.recv() => {
                    tasks.spawn(self.clone().send_one(claimed, place));
                }
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn send_one(self: Arc<Self>, claimed: Claimed, place: OwnedSemaphorePermit) {
        let id = claimed.delivery.id;
        let span = super::send::span_of(&claimed.delivery, claimed.at);
        if let Err(fault) = self.send(claimed).instrument(span).await {
            let code = fault.code().name;
            tracing::warn!(delivery = %id, code, "the delivery waits: {}", fault.chain());
        }
        drop(place);
    }
}

fn claimed(workspace: &WorkspaceId, case: &Case, at: Timestamp, delivery: Delivery) -> Claimed {
    Claimed {
        workspace: workspace.clone(),
        delivery,
        case: case.clone(),
        at,
    }
}
