use crate::app::{Board, own_presence::OwnPresence, prune_visitors::prune_visitors};
use crate::config::Config;
use crate::inbound::{grpc::Presence, persons::Persons, signals::Signals};
use crate::outbound::gateways::Gateways;
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use fault::Result;
use rpc::presence::person_service_server::PersonServiceServer;
use rpc::presence::presence_service_server::PresenceServiceServer;
use runtime::{Running, Shell};
use std::sync::Arc;
use store::Lease;
use tonic::service::Routes;

/// The one lease there is until shards are spread over replicas.
const LEASE: &str = "presence";

/// Starts the service: it competes for ownership, folds signals while it is the owner, and answers.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let limits = config.limits(shell.time_scale)?;
    let retention = config.retention()?;
    let rows = VisitorPresence::new(shell.store());
    let board = Arc::new(Board::new(shell.clock.clone()));
    let owner = Arc::new(OwnPresence {
        board: board.clone(),
        rows: rows.clone(),
        signals: Signals::new(shell.bus()),
        gateways: Gateways::new(shell.bus()),
        limits,
        readiness: shell.readiness.clone(),
    });
    shell.readiness.set(false);
    let lease = Lease::new(shell.store(), LEASE, config.owner_lease.0);
    let owning = runtime::take_turns(shell.stop.clone(), lease, move |tenure, over| {
        let owner = owner.clone();
        async move { owner.run(&tenure, &over).await }
    });
    shell.spawn("own presence", owning);
    let pruning = prune_visitors(rows.clone(), shell.clock.clone(), retention, shell.stop.clone());
    shell.spawn("prune visitors", pruning);
    let persons = PersonServiceServer::new(Persons(rows.clone()));
    let presence = Presence::new(board, rows, shell.stop.clone());
    let routes = Routes::new(PresenceServiceServer::new(presence)).add_service(persons);
    shell.serve(routes).await
}
