use crate::Config;
use crate::app::Billing;
use crate::inbound::events::{Deliveries, Receipts, Workspaces, delivery_filters, receipt_filters, workspace_filters};
use crate::inbound::grpc::Server;
use bus::ConsumerSpec;
use domain::DeliveryId;
use fault::Result;
use rpc::billing::billing_service_server::BillingServiceServer;
use runtime::{Running, Shell};
use std::sync::Arc;
use tonic::service::Routes;

/// Serves billing until stopped.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let billing = Billing::new(shell.store(), config.hold_expiry.0, config.audit_interval.0);

    let deliveries = ConsumerSpec {
        workers: 4,
        ..ConsumerSpec::facts("billing", delivery_filters())
    };
    let handler = Arc::new(Deliveries::new(billing.clone()));
    shell.spawn(
        "deliveries",
        bus::consume_batches(shell.bus(), deliveries, handler, shell.stop.clone()),
    );

    let receipts = ConsumerSpec::facts("billing_receipts", receipt_filters());
    let handler = Arc::new(Receipts::new(billing.clone()));
    shell.spawn(
        "receipts",
        bus::consume_batches(shell.bus(), receipts, handler, shell.stop.clone()),
    );

    let workspaces = ConsumerSpec::facts("billing_workspaces", workspace_filters());
    let handler = Arc::new(Workspaces::new(billing.clone()));
    shell.spawn(
        "workspaces",
        bus::consume(shell.bus(), workspaces, handler, shell.stop.clone()),
    );

    let expiring = billing.clone();
    runtime::due_loop(&shell, "hold", move |workspace, id| {
        let billing = expiring.clone();
        async move { billing.expire(&workspace, DeliveryId(id)).await }
    });
    let lapsing = billing.clone();
    runtime::due_loop(&shell, "lot", move |workspace, id| {
        let billing = lapsing.clone();
        async move { billing.lapse(&workspace, id).await }
    });
    let paying = billing.clone();
    runtime::due_loop(&shell, "plan", move |workspace, _| {
        let billing = paying.clone();
        async move { billing.pay_allowance(&workspace).await }
    });
    let auditing = billing.clone();
    runtime::due_loop(&shell, "audit", move |workspace, _| {
        let billing = auditing.clone();
        async move { billing.audit(&workspace).await }
    });

    shell
        .serve(Routes::new(BillingServiceServer::new(Server::new(billing))))
        .await
}
