//! The one place that names what the parts are made of.

use crate::app::App;
use crate::config::Config;
use crate::domain::PageSize;
use crate::inbound::{Facts, Routing, spec};
use crate::outbound::Conversations;
use fault::Result;
use rpc::routing::routing_service_server::RoutingServiceServer;
use runtime::{Running, Shell};
use std::sync::Arc;
use tonic::service::Routes;

/// Puts the service together and starts it.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let page_size = PageSize::new(config.page_size).map_err(|invalid| invalid.of("HOMING_ROUTING_PAGE_SIZE"))?;
    let conversations = Conversations::new(shell.channel(&config.conversation_url)?);
    let app = App::new(shell.store(), conversations, page_size);
    let facts = Arc::new(Facts(app.clone()));
    shell.spawn("facts", bus::consume(shell.bus(), spec(), facts, shell.stop.clone()));
    let routes = Routes::new(RoutingServiceServer::new(Routing(app)));
    shell.serve(routes).await
}
