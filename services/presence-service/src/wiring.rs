use crate::app::{Board, own_presence::OwnPresence};
use crate::config::Config;
use crate::inbound::{grpc::Presence, signals::Signals};
use crate::outbound::gateways::Gateways;
use crate::outbound::postgres::{shard_lease::ShardLease, visitor_presence::VisitorPresence};
use fault::Result;
use rpc::presence::presence_service_server::PresenceServiceServer;
use runtime::{Running, Shell};
use std::sync::Arc;
use tonic::service::Routes;

/// Starts the service: it competes for ownership, folds signals while it is the owner, and answers.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let limits = config.limits(shell.time_scale)?;
    let rows = VisitorPresence::new(shell.store());
    let board = Arc::new(Board::new(shell.clock.clone()));
    let owner = OwnPresence {
        board: board.clone(),
        rows: rows.clone(),
        lease: ShardLease::new(shell.store(), shell.entropy.id(), config.owner_lease.0),
        signals: Signals::new(shell.bus()),
        gateways: Gateways::new(shell.bus()),
        limits,
        stop: shell.stop.clone(),
    };
    shell.spawn("own presence", owner.run());
    let presence = Presence::new(board, rows, shell.stop.clone());
    let routes = Routes::new(PresenceServiceServer::new(presence));
    shell.serve(routes).await
}
