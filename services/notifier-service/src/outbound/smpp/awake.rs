//! Keeps a connection of rusmppc going. It takes five orders and five writes of what waits and then sleeps until something
//! arrives, although more waits: answers and texts that come together would stand still for seconds.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// What waits is looked at this often at least.
const LOOK: Duration = Duration::from_millis(20);

/// Whether something was written since it was last asked.
pub type Wrote = Arc<AtomicBool>;

/// A connection that is asked again as long as it writes, and every now and then.
pub struct Awake<C> {
    connection: Pin<Box<C>>,
    wrote: Wrote,
    looks: Interval,
}

impl<C> Awake<C> {
    pub fn new(connection: C, wrote: Wrote) -> Self {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            connection: Box::pin(connection),
            wrote,
            looks,
        }
    }
}

impl<C: Future<Output = ()>> Future for Awake<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        while self.looks.poll_tick(context).is_ready() {}
        if self.connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        if self.wrote.swap(false, Ordering::Relaxed) {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}
