use crate::config::Config;
use crate::domain::PageSize;
use crate::inbound::grpc::Routing;
use crate::outbound::postgres::agent::Agents;
use fault::Result;
use rpc::routing::routing_service_server::RoutingServiceServer;
use runtime::{Running, Shell};
use tonic::service::Routes;

/// Starts the service.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let page_size = PageSize::new(config.page_size).map_err(|invalid| invalid.of("HOMING_ROUTING_PAGE_SIZE"))?;
    let routing = Routing::new(Agents::new(shell.store()), shell.clock.clone(), page_size);
    let routes = Routes::new(RoutingServiceServer::new(routing));
    shell.serve(routes).await
}
