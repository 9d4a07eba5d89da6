use crate::Config;
use crate::app::Contacts;
use crate::inbound::grpc::Server;
use fault::Result;
use rpc::contacts::contact_service_server::ContactServiceServer;
use runtime::{Running, Shell};
use tonic::service::Routes;

/// Serves contacts until stopped.
pub async fn start(_: Config, shell: Shell) -> Result<Running> {
    let contacts = Contacts::new(shell.store());
    shell
        .serve(Routes::new(ContactServiceServer::new(Server::new(contacts))))
        .await
}
