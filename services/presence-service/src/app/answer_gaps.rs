use crate::app::Board;
use crate::outbound::gateways::Gateways;
use futures::{StreamExt, stream};

/// Snapshots asked for at once.
const AT_ONCE: usize = 32;

/// Asks gateways for the snapshots that gaps and a new ownership call for. One that does not come is asked for again
/// with the gateway's next lease.
pub(crate) async fn answer_gaps(board: &Board, gateways: &Gateways) {
    loop {
        board.wanted_changed.notified().await;
        stream::iter(board.take_wanted())
            .for_each_concurrent(AT_ONCE, async |wanted| match gateways.get_snapshot(&wanted).await {
                Ok(snapshot) => board.restate(&snapshot),
                Err(fault) => {
                    board.snapshot_missed(&wanted);
                    let (gateway, shard) = (&wanted.gateway, wanted.shard);
                    tracing::warn!(
                        gateway,
                        shard,
                        code = fault.code().name,
                        "no snapshot: {}",
                        fault.chain()
                    );
                }
            })
            .await;
    }
}
