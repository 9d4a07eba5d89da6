use fault::Result;
use std::future::Future;
use std::time::Duration;
use store::{Lease, Tenure};
use tokio_util::sync::CancellationToken;

/// How often a waiting replica looks whether the lease is free, and a holder that could not renew tries again.
const LOOK: Duration = Duration::from_secs(1);

/// Runs `work` in one replica at a time, until `stop`: whoever holds the lease, which it renews meanwhile. `work` is told
/// its tenure, and to end when another replica has taken over or the service stops; once it has ended, the lease is free
/// at once. What must not be done twice is done in a transaction that holds the tenure (`Tx::hold`): a process that was
/// frozen believes in its lease for a moment longer than the others.
pub async fn take_turns<F, Fut>(stop: CancellationToken, lease: Lease, work: F)
where
    F: Fn(Tenure, CancellationToken) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    while !stop.is_cancelled() {
        let pause = match lease.acquire().await {
            Ok(Some(tenure)) => {
                turn(&stop, &lease, tenure, &work).await;
                LOOK
            }
            Ok(None) => LOOK,
            // Who holds the lease renews it first when the database comes back.
            Err(fault) => {
                tracing::warn!(code = fault.code().name, "cannot wait in line: {}", fault.chain());
                lease.lasts()
            }
        };
        tokio::select! { () = tokio::time::sleep(pause) => {}, () = stop.cancelled() => {} }
    }
}

async fn turn<F, Fut>(stop: &CancellationToken, lease: &Lease, tenure: Tenure, work: &F)
where
    F: Fn(Tenure, CancellationToken) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let over = stop.child_token();
    let working = work(tenure, over.clone());
    tokio::pin!(working);
    let ended = tokio::select! {
        ended = &mut working => ended,
        () = renew(lease, &tenure) => {
            tracing::warn!(epoch = tenure.epoch(), "another replica has taken over");
            over.cancel();
            working.await
        }
    };
    let released = match ended {
        Ok(()) => lease.release(&tenure).await,
        Err(fault) => {
            tracing::warn!(code = fault.code().name, "a turn ended badly: {}", fault.chain());
            lease.release(&tenure).await
        }
    };
    if let Err(fault) = released {
        tracing::warn!(
            code = fault.code().name,
            "the lease runs out by itself: {}",
            fault.chain()
        );
    }
}

/// Returns when another replica has the lease. While the database does not answer nobody can take it, so the turn goes
/// on.
async fn renew(lease: &Lease, tenure: &Tenure) {
    let mut pause = lease.renew_every();
    loop {
        tokio::time::sleep(pause).await;
        pause = match tokio::time::timeout(lease.lasts(), lease.renew(tenure)).await {
            Ok(Ok(true)) => lease.renew_every(),
            Ok(Ok(false)) => return,
            Ok(Err(fault)) => {
                tracing::warn!(code = fault.code().name, "cannot renew a lease: {}", fault.chain());
                LOOK.min(lease.renew_every())
            }
            Err(_) => {
                tracing::warn!("cannot renew a lease: the database is slow");
                Duration::ZERO
            }
        };
    }
}
