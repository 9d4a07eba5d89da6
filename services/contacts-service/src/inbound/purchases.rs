//! `homing.contacts.v1.PurchaseService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use super::words::purpose_for;
use crate::domain::roles::{FieldGroup, Rights};
use crate::domain::{OrderStatus, Purchase};
use domain::{ContactId, IntegrationId, limits};
use events::cloudevent;
use fault::{Fault, Kind, Result};
use rpc::contacts::purchase_service_server::PurchaseService;
use rpc::contacts::{
    self, IngestOrdersRequest, IngestOrdersResponse, ListPurchasesRequest, ListPurchasesResponse, OrderOutcome,
};
use tonic::{Request, Response, Status};

impl Server {
    async fn do_ingest_orders(&self, request: Request<IngestOrdersRequest>) -> Result<IngestOrdersResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_edit([FieldGroup::Purchases])?;
        let integration = IntegrationId::parse(&request.integration)?;
        if request.events.len() > limits::INGEST_BATCH {
            let remedy = "takes at most 500 at a time; send the rest in another request";
            return Err(Fault::invalid("events", remedy));
        }
        let mut outcomes = Vec::with_capacity(request.events.len());
        for document in &request.events {
            outcomes.push(match cloudevent::from_json(&integration, document) {
                Ok(event) => {
                    let id = event.id.clone();
                    let told = self.contacts.ingest_order(&workspace, (&integration, &rights), event);
                    outcome(id, told.await)
                }
                Err(fault) => outcome(String::new(), Err(fault)),
            });
        }
        Ok(IngestOrdersResponse { outcomes })
    }

    async fn do_list_purchases(&self, request: Request<ListPurchasesRequest>) -> Result<ListPurchasesResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_see(FieldGroup::Purchases)?;
        let id = ContactId::parse(&request.contact)?;
        let page = (request.page_size, request.page_token.as_str());
        let (found, next) = self
            .contacts
            .list_purchases(&workspace, id, purpose_for(&rights, request.purpose)?, page)
            .await?;
        Ok(ListPurchasesResponse {
            purchases: found.into_iter().map(|found| purchase(found, &rights)).collect(),
            next_page_token: next.map(|last| last.to_string()).unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl PurchaseService for Server {
    async fn ingest_orders(
        &self,
        request: Request<IngestOrdersRequest>,
    ) -> Result<Response<IngestOrdersResponse>, Status> {
        rpc::answer(self.do_ingest_orders(request).await)
    }

    async fn list_purchases(
        &self,
        request: Request<ListPurchasesRequest>,
    ) -> Result<Response<ListPurchasesResponse>, Status> {
        rpc::answer(self.do_list_purchases(request).await)
    }
}

fn outcome(id: String, result: Result<()>) -> OrderOutcome {
    match result {
        Ok(()) => OrderOutcome {
            id,
            accepted: true,
            ..Default::default()
        },
        Err(fault) => OrderOutcome {
            id,
            accepted: false,
            code: fault.code().name.to_owned(),
            reason: fault.public().to_owned(),
            field: fault.field().unwrap_or_default().to_owned(),
            retry: fault.kind().may_retry() || fault.kind() == Kind::NotFound,
        },
    }
}

fn status(status: OrderStatus) -> contacts::OrderStatus {
    match status {
        OrderStatus::Placed => contacts::OrderStatus::Placed,
        OrderStatus::Paid => contacts::OrderStatus::Paid,
        OrderStatus::Processing => contacts::OrderStatus::Processing,
        OrderStatus::Shipped => contacts::OrderStatus::Shipped,
        OrderStatus::Delivered => contacts::OrderStatus::Delivered,
        OrderStatus::Cancelled => contacts::OrderStatus::Cancelled,
        OrderStatus::Returned => contacts::OrderStatus::Returned,
        OrderStatus::Refunded => contacts::OrderStatus::Refunded,
    }
}

fn purchase(found: Purchase, rights: &Rights) -> contacts::Purchase {
    let Purchase { key, order, history } = found;
    let lines = order.lines.into_iter().map(|line| contacts::PurchaseLine {
        name: line.name,
        sku: line.sku.unwrap_or_default(),
        quantity: line.quantity,
        unit_minor: line.unit_minor,
    });
    let parcels = order.parcels.into_iter().map(|parcel| contacts::Parcel {
        carrier: parcel.carrier,
        tracking_number: parcel.tracking_number,
        tracking_url: parcel.tracking_url.unwrap_or_default(),
        status: parcel.status.unwrap_or_default(),
    });
    let history = history.into_iter().map(|version| contacts::OrderVersion {
        version: version.version,
        status: status(version.status).into(),
        at: Some(events::stamp(version.at)),
        recorded_at: Some(events::stamp(version.recorded_at)),
    });
    let data = order.data.iter().filter(|_| rights.sees(FieldGroup::Data));
    contacts::Purchase {
        integration: key.integration.to_string(),
        order: key.order,
        version: order.version,
        status: status(order.status).into(),
        currency: order.currency,
        total_minor: order.total_minor,
        lines: lines.collect(),
        parcels: parcels.collect(),
        channel: order.channel.unwrap_or_default(),
        placed_at: Some(events::stamp(order.placed_at)),
        changed_at: Some(events::stamp(order.changed_at)),
        history: history.collect(),
        data: data
            .map(|(key, value)| (key.as_str().to_owned(), value.expose().to_owned()))
            .collect(),
    }
}
