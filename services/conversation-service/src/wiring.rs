//! The one place that names what the parts are made of.

use crate::app::App;
use crate::config::Config;
use crate::inbound::{
    Cards, Conversations, Deliveries, Forms, Ingest, Issuer, Keeping, Openings, Persons, Requests, SenderBook,
    Staffing, Stars, Voices, Workflows, Workspaces, answer_logins, delivery_spec, request_spec, spec, staffing_spec,
};
use crate::outbound::Contacts;
use fault::Result;
use futures::FutureExt;
use rpc::conversation::automatic_message_service_server::AutomaticMessageServiceServer;
use rpc::conversation::card_service_server::CardServiceServer;
use rpc::conversation::conversation_service_server::ConversationServiceServer;
use rpc::conversation::form_service_server::FormServiceServer;
use rpc::conversation::opening_hours_service_server::OpeningHoursServiceServer;
use rpc::conversation::person_service_server::PersonServiceServer;
use rpc::conversation::retention_service_server::RetentionServiceServer;
use rpc::conversation::sender_service_server::SenderServiceServer;
use rpc::conversation::star_service_server::StarServiceServer;
use rpc::conversation::workflow_service_server::WorkflowServiceServer;
use rpc::conversation::workspace_service_server::WorkspaceServiceServer;
use runtime::{Running, Shell, due_loop};
use std::sync::Arc;
use std::time::Duration;
use store::Lease;
use tonic::service::Routes;

/// The lease on reading the ingest stream: events of one reference stay in order only in one hand.
const INGEST: &str = "ingest";

/// Puts the service together and starts it.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let contacts = Contacts::new(shell.channel(&config.contacts_url)?);
    let form_after = shell.time_scale.apply(config.form_after.0);
    let settings = (config.senders, config.facts_scope, form_after);
    let app = App::new(shell.store(), contacts, shell.bus(), settings);
    if let Some(seed) = &config.nats_issuer_seed {
        let issuer = Issuer::new(seed.expose(), &config.nats_account)?;
        let (clock, entropy) = (shell.clock.clone(), shell.entropy.clone());
        let answering = answer_logins(app.clone(), shell.bus(), issuer, clock, entropy, shell.stop.clone());
        shell.spawn("logins", answering);
    }
    let keeping = bus::keep_copy(shell.bus(), events::HISTORY, LOOK_AFTER_HISTORY, shell.stop.clone());
    shell.spawn("history", keeping);
    let (forgetting, stop) = (app.clone(), shell.stop.clone());
    shell.spawn("forget events", async move {
        tokio::select! { () = forgetting.forget_events() => {}, () = stop.cancelled() => {} }
    });
    let keeping = app.clone();
    due_loop(&shell, "facts_reader", move |workspace, id| {
        let app = keeping.clone();
        async move { app.keep_facts_reader(&workspace, id).await }
    });
    let tending = app.clone();
    due_loop(&shell, "form", move |workspace, id| {
        let app = tending.clone();
        async move { app.tend_form(&workspace, id).await }
    });
    let reminding = app.clone();
    due_loop(&shell, "star", move |workspace, id| {
        let app = reminding.clone();
        async move { app.remind(&workspace, id).await }
    });
    let keeping = app.clone();
    due_loop(&shell, "retention", move |workspace, id| {
        let app = keeping.clone();
        async move { app.keep_retention(&workspace, id).await }
    });
    let going_on = app.clone();
    due_loop(&shell, "workflow_run", move |workspace, id| {
        let app = going_on.clone();
        async move { app.tend_run(&workspace, id).await }
    });
    let (forgetting, stop, keep) = (app.clone(), shell.stop.clone(), config.run_retention()?);
    shell.spawn("forget runs", async move {
        tokio::select! { () = forgetting.forget_runs(keep) => {}, () = stop.cancelled() => {} }
    });
    let staffing = Arc::new(Staffing(app.clone()));
    let noting = bus::consume(shell.bus(), staffing_spec(), staffing, shell.stop.clone());
    shell.spawn("staffing", noting);
    let requests = Arc::new(Requests(app.clone()));
    let noting = bus::consume(shell.bus(), request_spec(), requests, shell.stop.clone());
    shell.spawn("requests", noting);
    let deliveries = Arc::new(Deliveries(app.clone()));
    let noting = bus::consume(shell.bus(), delivery_spec(), deliveries, shell.stop.clone());
    shell.spawn("deliveries", noting);
    let writers = usize::try_from(config.ingest_writers.max(1)).unwrap_or(1);
    let lease = Lease::new(shell.store(), INGEST, config.ingest_lease.0);
    let (taking, bus, wait) = (app.clone(), shell.bus(), config.reference_wait.0);
    let ingesting = runtime::take_turns(shell.stop.clone(), lease, move |tenure, over| {
        let ingest = Arc::new(Ingest::new(taking.clone(), tenure));
        let reading = bus::consume_batches(bus.clone(), spec(writers, wait, &tenure), ingest, over);
        reading.map(Ok)
    });
    shell.spawn("ingest", ingesting);
    let routes = Routes::new(WorkspaceServiceServer::new(Workspaces::new(app.clone())))
        .add_service(AutomaticMessageServiceServer::new(Voices::new(app.clone())))
        .add_service(FormServiceServer::new(Forms::new(app.clone())))
        .add_service(OpeningHoursServiceServer::new(Openings::new(app.clone())))
        .add_service(PersonServiceServer::new(Persons::new(app.clone())))
        .add_service(RetentionServiceServer::new(Keeping::new(app.clone())))
        .add_service(SenderServiceServer::new(SenderBook::new(app.clone())))
        .add_service(CardServiceServer::new(Cards::new(app.clone())))
        .add_service(StarServiceServer::new(Stars::new(app.clone())))
        .add_service(WorkflowServiceServer::new(Workflows::new(app.clone())))
        .add_service(
            ConversationServiceServer::new(Conversations::new(app)).max_decoding_message_size(LARGEST_REQUEST),
        );
    shell.serve(routes).await
}

/// Nothing waits for it, and what it missed it copies later.
const LOOK_AFTER_HISTORY: Duration = Duration::from_secs(60);

/// 500 events of the largest size would be 64 MiB; whoever sends long ones sends fewer at a time.
const LARGEST_REQUEST: usize = 8 * 1024 * 1024;
