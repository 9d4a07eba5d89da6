use crate::Config;
use crate::app::Contacts;
use crate::inbound::Server;
use fault::Result;
use rpc::contacts::consent_service_server::ConsentServiceServer;
use rpc::contacts::contact_book_service_server::ContactBookServiceServer;
use rpc::contacts::contact_service_server::ContactServiceServer;
use rpc::contacts::identity_service_server::IdentityServiceServer;
use runtime::{Running, Shell};
use tonic::service::Routes;

/// Serves contacts until stopped.
pub async fn start(_: Config, shell: Shell) -> Result<Running> {
    let server = Server::new(Contacts::new(shell.store()));
    let routes = Routes::new(ContactServiceServer::new(server.clone()))
        .add_service(ContactBookServiceServer::new(server.clone()))
        .add_service(IdentityServiceServer::new(server.clone()))
        .add_service(ConsentServiceServer::new(server));
    shell.serve(routes).await
}
