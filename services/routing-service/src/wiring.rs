//! The one place that names what the parts are made of.

use crate::app::{App, Board};
use crate::config::Config;
use crate::domain::PageSize;
use crate::inbound::{Facts, Invitations, Persons, Queue, Routing, hear_invitations, hear_requests, spec};
use crate::outbound::Conversations;
use fault::Result;
use rpc::routing::invitation_service_server::InvitationServiceServer;
use rpc::routing::person_service_server::PersonServiceServer;
use rpc::routing::queue_service_server::QueueServiceServer;
use rpc::routing::routing_service_server::RoutingServiceServer;
use runtime::{Running, Shell, due_loop};
use std::sync::Arc;
use tonic::service::Routes;

/// Puts the service together and starts it.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let page_size = PageSize::new(config.page_size).map_err(|invalid| invalid.of("HOMING_ROUTING_PAGE_SIZE"))?;
    let conversations = Conversations::new(shell.channel(&config.conversation_url)?);
    let board = Board::new(shell.stop.clone());
    shell.spawn("hints of requests", hear_requests(board.clone(), shell.bus()).await?);
    shell.spawn(
        "hints of invitations",
        hear_invitations(board.clone(), shell.bus()).await?,
    );
    let app = App::new(shell.store(), conversations, page_size, board);
    let tending = app.clone();
    due_loop(&shell, "request", move |workspace, id| {
        let app = tending.clone();
        async move { app.tend_request(&workspace, id).await }
    });
    let opening = app.clone();
    due_loop(&shell, "team_opening", move |workspace, id| {
        let app = opening.clone();
        async move { app.tend_opening(&workspace, id).await }
    });
    let (keep, forgetting, stop) = (config.retention()?, app.clone(), shell.stop.clone());
    shell.spawn("forget requests", async move {
        tokio::select! { () = forgetting.forget_requests(keep) => {}, () = stop.cancelled() => {} }
    });
    let (counting, stop) = (app.clone(), shell.stop.clone());
    shell.spawn("count who waits", async move {
        tokio::select! { () = counting.watch_waiting() => {}, () = stop.cancelled() => {} }
    });
    let expiring = app.clone();
    due_loop(&shell, "invitation", move |workspace, id| {
        let app = expiring.clone();
        async move { app.tend_invitation(&workspace, id).await }
    });
    let facts = Arc::new(Facts(app.clone()));
    shell.spawn("facts", bus::consume(shell.bus(), spec(), facts, shell.stop.clone()));
    let routes = Routes::new(RoutingServiceServer::new(Routing(app.clone())))
        .add_service(InvitationServiceServer::new(Invitations::new(app.clone())))
        .add_service(PersonServiceServer::new(Persons(app.clone())))
        .add_service(QueueServiceServer::new(Queue(app)));
    shell.serve(routes).await
}
