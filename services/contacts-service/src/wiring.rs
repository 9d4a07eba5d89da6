use crate::Config;
use crate::app::{Contacts, Eraser};
use crate::inbound::{Orders, Server, spec};
use crate::outbound::{Peers, Persons};
use fault::Result;
use rpc::contacts::consent_service_server::ConsentServiceServer;
use rpc::contacts::contact_book_service_server::ContactBookServiceServer;
use rpc::contacts::contact_service_server::ContactServiceServer;
use rpc::contacts::identity_service_server::IdentityServiceServer;
use rpc::contacts::import_service_server::ImportServiceServer;
use rpc::contacts::interaction_service_server::InteractionServiceServer;
use rpc::contacts::privacy_service_server::PrivacyServiceServer;
use rpc::contacts::purchase_service_server::PurchaseServiceServer;
use rpc::contacts::retention_service_server::RetentionServiceServer;
use rpc::contacts::role_service_server::RoleServiceServer;
use rpc::contacts::segment_service_server::SegmentServiceServer;
use runtime::{Running, Shell, due_loop};
use std::sync::Arc;
use tonic::service::Routes;

/// 500 events of the largest size would be 64 MiB; whoever sends long ones sends fewer at a time.
const LARGEST_REQUEST: usize = 8 * 1024 * 1024;

/// Serves contacts until stopped.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let contacts = Contacts::new(shell.store(), config.erasure_wait.0);
    let persons = Persons::new(Peers {
        conversation: shell.channel(&config.conversation_url)?,
        notifier: shell.channel(&config.notifier_url)?,
        presence: shell.channel(&config.presence_url)?,
        routing: shell.channel(&config.routing_url)?,
        gateway: shell.channel(&config.gateway_url)?,
    });
    let eraser = Eraser {
        contacts: contacts.clone(),
        persons: persons.clone(),
        bus: shell.bus(),
    };
    let erasing = eraser.clone();
    due_loop(&shell, "erasure", move |workspace, id| {
        let eraser = erasing.clone();
        async move { eraser.keep_erasing(&workspace, id).await }
    });
    let keeping = eraser.clone();
    due_loop(&shell, "retention", move |workspace, id| {
        let eraser = keeping.clone();
        async move { eraser.keep_retention(&workspace, id).await }
    });
    let (watching, stop) = (contacts.clone(), shell.stop.clone());
    shell.spawn("watch erasures", async move {
        tokio::select! { () = watching.watch_erasures() => {}, () = stop.cancelled() => {} }
    });
    let orders = Arc::new(Orders(contacts.clone()));
    shell.spawn("orders", bus::consume(shell.bus(), spec(), orders, shell.stop.clone()));
    let server = Server::new(contacts, persons);
    let routes = Routes::new(ContactServiceServer::new(server.clone()))
        .add_service(ContactBookServiceServer::new(server.clone()))
        .add_service(IdentityServiceServer::new(server.clone()))
        .add_service(PurchaseServiceServer::new(server.clone()).max_decoding_message_size(LARGEST_REQUEST))
        .add_service(RetentionServiceServer::new(server.clone()))
        .add_service(RoleServiceServer::new(server.clone()))
        .add_service(SegmentServiceServer::new(server.clone()))
        .add_service(InteractionServiceServer::new(server.clone()))
        .add_service(PrivacyServiceServer::new(server.clone()))
        .add_service(ImportServiceServer::new(server.clone()).max_decoding_message_size(LARGEST_REQUEST))
        .add_service(ConsentServiceServer::new(server));
    shell.serve(routes).await
}
