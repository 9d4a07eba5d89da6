use crate::Shell;
use domain::{Timestamp, WorkspaceId};
use fault::Result;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, broadcast};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Rows worked on at once.
const AT_ONCE: usize = 32;
/// A row whose worker died is taken up again after this. Longer than any step's calls together.
pub const LEASE: Duration = Duration::from_secs(30);
/// Deadlines that other replicas arm are found after this long at the latest.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Pause after the database did not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs `work` for every due row of `table` (see [`store::due`]) until the shell stops. Sleeps until the next deadline,
/// or an earlier one that `Store::due_at` tells of. A fault leaves the row leased: it is tried again when the lease ends.
pub fn due_loop<F, Fut>(shell: &Shell, table: &'static str, work: F)
where
    F: Fn(WorkspaceId, Uuid) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    let (looping, work) = (shell.clone(), Arc::new(work));
    shell.spawn(table, async move { run(looping, table, work).await });
}

async fn run<F, Fut>(shell: Shell, table: &'static str, work: Arc<F>)
where
    F: Fn(WorkspaceId, Uuid) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    let (slots, tasks, store) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new(), shell.store());
    while !shell.stop.is_cancelled() {
        let mut armed = store.armed();
        let free = slots.available_permits().max(1);
        let claimed = store::due::claim(&store, table, i64::try_from(free).unwrap_or(1), LEASE).await;
        match claimed {
            Ok(rows) if rows.is_empty() => {
                let next = store::due::next(&store, table).await.ok().flatten();
                tokio::select! { () = sleep(&shell, next, &mut armed) => {}, () = shell.stop.cancelled() => break }
            }
            Ok(rows) => {
                for (workspace, id) in rows {
                    let Ok(slot) = slots.clone().acquire_owned().await else {
                        return;
                    };
                    let job = work(workspace.clone(), id);
                    tasks.spawn(async move {
                        if let Err(fault) = job.await {
                            tracing::warn!(table, %workspace, %id, code = fault.code().name, "due row waits: {}", fault.chain());
                        }
                        drop(slot);
                    });
                }
            }
            Err(fault) => {
                tracing::warn!(table, "cannot claim due rows: {}", fault.chain());
                tokio::select! { () = tokio::time::sleep(PAUSE) => {}, () = shell.stop.cancelled() => break }
            }
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// Until the next deadline, or an earlier one that is armed meanwhile, or long enough to look again.
async fn sleep(shell: &Shell, mut next: Option<Timestamp>, armed: &mut broadcast::Receiver<Timestamp>) {
    let look_again = tokio::time::sleep(LONGEST_SLEEP);
    tokio::pin!(look_again);
    loop {
        let due = async {
            match next {
                Some(at) => shell.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => return,
            () = &mut look_again => return,
            told = armed.recv() => match told {
                Ok(at) => next = Some(next.map_or(at, |next| next.min(at))),
                Err(_) => return,
            },
        }
    }
}
