//! What people bought.

use super::contacts::Purpose;
use super::extract::{Contacts, May, Params};
use super::problem::Answer;
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::ContactId;
use rpc::contacts::{self as wire, ListPurchasesRequest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPurchases {
    /// Purchases serve support alone.
    #[param(inline)]
    purpose: Purpose,
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of purchases.
#[derive(Serialize, ToSchema)]
pub struct PurchasePage {
    purchases: Vec<Purchase>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// An order as its highest version tells.
#[derive(Serialize, ToSchema)]
pub struct Purchase {
    /// The integration that told of it.
    integration: String,
    /// The shop's own id of it.
    order: String,
    version: u64,
    /// placed, paid, processing, shipped, delivered, cancelled, returned or refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// ISO 4217.
    currency: String,
    /// In minor units of the currency.
    total_minor: i64,
    lines: Vec<PurchaseLine>,
    parcels: Vec<Parcel>,
    /// The channel that it came by.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    placed_at: Option<String>,
    /// When this version happened, as the shop says.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
    /// The newest 50 versions, newest first.
    history: Vec<OrderVersion>,
    /// Custom values that it told of its customer, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    data: BTreeMap<String, String>,
}

/// One line of an order.
#[derive(Serialize, ToSchema)]
pub struct PurchaseLine {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<String>,
    quantity: u32,
    /// Price of one, in minor units.
    unit_minor: i64,
}

/// One parcel of an order.
#[derive(Serialize, ToSchema)]
pub struct Parcel {
    carrier: String,
    tracking_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_url: Option<String>,
    /// In the carrier's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

/// What an order was once.
#[derive(Serialize, ToSchema)]
pub struct OrderVersion {
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// When it happened, as the shop says.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// When it was told of.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<String>,
}

/// What a contact bought, the newest order first.
#[utoipa::path(get, path = "/v1/contacts/{contact}/purchases", tag = "contacts",
    params(("contact" = String, Path, description = "UUID"), ListPurchases), security(("api_token" = ["contacts"])),
    responses((status = 200, body = PurchasePage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_purchases(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
    Params(params): Params<ListPurchases>,
) -> Answer<Json<PurchasePage>> {
    let request = ListPurchasesRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        purpose: wire::Purpose::from(params.purpose).into(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.contacts.list_purchases(&caller, request).await?;
    Ok(Json(PurchasePage {
        purchases: page.purchases.into_iter().map(purchase).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

fn purchase(found: wire::Purchase) -> Purchase {
    let lines = found.lines.into_iter().map(|line| PurchaseLine {
        name: line.name,
        sku: optional(line.sku),
        quantity: line.quantity,
        unit_minor: line.unit_minor,
    });
    let parcels = found.parcels.into_iter().map(|parcel| Parcel {
        carrier: parcel.carrier,
        tracking_number: parcel.tracking_number,
        tracking_url: optional(parcel.tracking_url),
        status: optional(parcel.status),
    });
    let status = wire::OrderStatus::try_from(found.status).unwrap_or_default();
    let history = found.history.into_iter().map(|version| OrderVersion {
        version: version.version,
        status: word(version.status().as_str_name(), "ORDER_STATUS_"),
        at: time(version.at),
        recorded_at: time(version.recorded_at),
    });
    Purchase {
        integration: found.integration,
        order: found.order,
        version: found.version,
        status: word(status.as_str_name(), "ORDER_STATUS_"),
        currency: found.currency,
        total_minor: found.total_minor,
        lines: lines.collect(),
        parcels: parcels.collect(),
        channel: optional(found.channel),
        placed_at: time(found.placed_at),
        changed_at: time(found.changed_at),
        history: history.collect(),
        data: found.data.into_iter().collect(),
    }
}
