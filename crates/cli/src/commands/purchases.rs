//! What people bought, by gRPC to contacts-service.

use anyhow::Result;
use rpc::contacts::purchase_service_client::PurchaseServiceClient;
use rpc::contacts::{ListPurchasesRequest, Purchase, Purpose};
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::call::pages;
use crate::output::Out;
use crate::show;

/// Room for a page of the longest orders.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

pub(super) async fn run(channel: Channel, workspace: String, contact: String, limit: u32, out: &Out) -> Result<()> {
    let client = PurchaseServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER);
    let request = ListPurchasesRequest {
        workspace,
        contact,
        purpose: Purpose::Support.into(),
        ..Default::default()
    };
    let found = pages!(client, list_purchases, request, purchases, limit);
    if out.json() {
        return out.document(&found.iter().map(document).collect::<Vec<Value>>());
    }
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    let head = [
        "placed",
        "integration",
        "order",
        "version",
        "status",
        "total",
        "what",
        "tracking",
    ];
    out.table(&head, &rows)
}

fn row(one: &Purchase) -> Vec<String> {
    let at = show::rfc3339(one.placed_at.as_ref());
    let lines = one
        .lines
        .iter()
        .map(|line| format!("{} x {}", line.quantity, line.name));
    let parcels = one.parcels.iter().map(|parcel| {
        let status = Some(parcel.status.as_str()).filter(|status| !status.is_empty());
        let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
        format!("{} {}{status}", parcel.carrier, parcel.tracking_number)
    });
    vec![
        at.as_str().unwrap_or("-").to_owned(),
        one.integration.clone(),
        one.order.clone(),
        one.version.to_string(),
        show::word(one.status().as_str_name(), "ORDER_STATUS_"),
        format!("{} minor units of {}", one.total_minor, one.currency),
        lines.collect::<Vec<_>>().join(", "),
        parcels.collect::<Vec<_>>().join(", "),
    ]
}

fn document(one: &Purchase) -> Value {
    let lines = one.lines.iter().map(
        |line| json!({ "name": line.name, "sku": line.sku, "quantity": line.quantity, "unit_minor": line.unit_minor }),
    );
    let parcels = one.parcels.iter().map(|parcel| {
        json!({
            "carrier": parcel.carrier, "tracking_number": parcel.tracking_number, "tracking_url": parcel.tracking_url,
            "status": parcel.status,
        })
    });
    let history = one.history.iter().map(|version| {
        json!({
            "version": version.version, "status": show::word(version.status().as_str_name(), "ORDER_STATUS_"),
            "at": show::rfc3339(version.at.as_ref()), "recorded_at": show::rfc3339(version.recorded_at.as_ref()),
        })
    });
    json!({
        "integration": one.integration, "order": one.order, "version": one.version,
        "status": show::word(one.status().as_str_name(), "ORDER_STATUS_"),
        "currency": one.currency, "total_minor": one.total_minor,
        "lines": lines.collect::<Vec<Value>>(), "parcels": parcels.collect::<Vec<Value>>(), "channel": one.channel,
        "placed_at": show::rfc3339(one.placed_at.as_ref()), "changed_at": show::rfc3339(one.changed_at.as_ref()),
        "history": history.collect::<Vec<Value>>(), "data": one.data,
    })
}
