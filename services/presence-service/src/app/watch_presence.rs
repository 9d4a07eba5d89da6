use crate::app::batch_get_presence::batch_get_presence;
use crate::app::{Board, Known};
use crate::domain::Who;
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use ::domain::VisitorId;
use fault::{Fault, Result, codes};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Answers the watching call's buffer holds; behind it stands the board's own queue.
const BUFFER: usize = 32;

/// One visitor as a watcher sees them now.
pub(crate) type Seen = (VisitorId, Known);

/// The present state of these visitors, then each change, newest last, none twice. Ends with a fault that says to watch
/// again when the watcher is too slow, or when presence moves to another process.
pub(crate) async fn watch_presence(
    board: Arc<Board>,
    rows: VisitorPresence,
    visitors: Vec<Who>,
    stop: CancellationToken,
) -> Result<mpsc::Receiver<Result<Seen>>> {
    // Watching begins before the state is read, so that no change falls between.
    let (watch, mut notices) = board.watch(&visitors)?;
    let present = match batch_get_presence(&board, &rows, &visitors).await {
        Ok(present) => present,
        Err(fault) => {
            board.unwatch(watch, &visitors);
            return Err(fault);
        }
    };
    let (out, receiver) = mpsc::channel(BUFFER);
    tokio::spawn(async move {
        let mut sent: HashMap<VisitorId, (u64, u64)> = HashMap::new();
        let forward = async {
            for (who, known) in visitors.iter().zip(present) {
                let order = known.view.map_or((0, 0), |view| (view.epoch, view.version));
                sent.insert(who.visitor, order);
                out.send(Ok((who.visitor, known))).await?;
            }
            while let Some(notice) = notices.recv().await {
                let (visitor, view) = (notice.transition.who.visitor, notice.transition.view);
                let order = (view.epoch, view.version);
                if sent.insert(visitor, order).is_none_or(|last| last < order) {
                    let known = Known {
                        view: Some(view),
                        mass_loss: notice.mass_loss,
                    };
                    out.send(Ok((visitor, known))).await?;
                }
            }
            let ended = Fault::new(
                &codes::UNAVAILABLE,
                "the watch fell behind or presence moved; watch again",
            );
            out.send(Err(ended)).await
        };
        tokio::select! {
            // An error means that nobody listens any more.
            _ = forward => {}
            () = out.closed() => {}
            () = stop.cancelled() => {}
        }
        board.unwatch(watch, &visitors);
    });
    Ok(receiver)
}
