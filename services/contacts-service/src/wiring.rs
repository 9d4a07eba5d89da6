use crate::Config;
use crate::app::Contacts;
use crate::inbound::{Orders, Server, spec};
use fault::Result;
use rpc::contacts::consent_service_server::ConsentServiceServer;
use rpc::contacts::contact_book_service_server::ContactBookServiceServer;
use rpc::contacts::contact_service_server::ContactServiceServer;
use rpc::contacts::identity_service_server::IdentityServiceServer;
use rpc::contacts::import_service_server::ImportServiceServer;
use rpc::contacts::purchase_service_server::PurchaseServiceServer;
use rpc::contacts::segment_service_server::SegmentServiceServer;
use runtime::{Running, Shell};
use std::sync::Arc;
use tonic::service::Routes;

/// 500 events of the largest size would be 64 MiB; whoever sends long ones sends fewer at a time.
const LARGEST_REQUEST: usize = 8 * 1024 * 1024;

/// Serves contacts until stopped.
pub async fn start(_: Config, shell: Shell) -> Result<Running> {
    let contacts = Contacts::new(shell.store());
    let orders = Arc::new(Orders(contacts.clone()));
    shell.spawn("orders", bus::consume(shell.bus(), spec(), orders, shell.stop.clone()));
    let server = Server::new(contacts);
    let routes = Routes::new(ContactServiceServer::new(server.clone()))
        .add_service(ContactBookServiceServer::new(server.clone()))
        .add_service(IdentityServiceServer::new(server.clone()))
        .add_service(PurchaseServiceServer::new(server.clone()).max_decoding_message_size(LARGEST_REQUEST))
        .add_service(SegmentServiceServer::new(server.clone()))
        .add_service(ImportServiceServer::new(server.clone()).max_decoding_message_size(LARGEST_REQUEST))
        .add_service(ConsentServiceServer::new(server));
    shell.serve(routes).await
}
