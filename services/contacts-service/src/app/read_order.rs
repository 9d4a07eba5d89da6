use crate::domain::{DataKey, DataValue, Given, Order, OrderKey, OrderLine, OrderStatus, Parcel, Phone};
use aws_lc_rs::digest;
use domain::{ChannelId, Country, Email, IntegrationId, Invalid, PersonName, Timestamp};
use events::cloudevent::{Data, IngestEvent, OrderData};
use events::event::{IngestCustomer, IngestOrder, IngestOrderLine, IngestParcel};
use fault::{Fault, Result};
use std::collections::BTreeMap;

/// No shop on the web is older; also keeps times within PostgreSQL's range.
const OLDEST: Timestamp = Timestamp::constant(631_152_000, 0);

/// One version of an order, read and checked.
#[derive(Debug)]
pub struct Told {
    pub key: OrderKey,
    /// SHA-256 of what it says.
    pub digest: Vec<u8>,
    pub order: Order,
    /// Whose it is, if it says so.
    pub given: Option<Given>,
}

/// Reads an event about an order; a refusal names the field by its path.
pub fn read_order(integration: &IntegrationId, event: IngestEvent<OrderData>, now: Timestamp) -> Result<Told> {
    let content = digest::digest(&digest::SHA256, &event.data.encode());
    let changed_at = time("time", event.time, now)?;
    let (data, placed_at) = match event.data {
        OrderData::Placed(data) => {
            let at = placed_at(&data, now)?.unwrap_or(changed_at);
            (data, at)
        }
        OrderData::Updated(data) => {
            let missing = || Fault::invalid("data.placed_at", "is missing; say when the order was placed");
            let at = placed_at(&data, now)?.ok_or_else(missing)?;
            (data, at)
        }
    };
    let country = data.country.as_deref().map(Country::parse).transpose();
    let country = country.map_err(|wrong| wrong.of("data.country"))?;
    let channel = data.channel.as_deref().map(ChannelId::parse).transpose();
    let channel = channel.map_err(|wrong| wrong.of("data.channel"))?;
    if data
        .customer
        .as_ref()
        .is_some_and(|known| known.page_scoped_id.is_some() || !known.profile.is_empty())
    {
        let remedy = "comes with messages of a channel alone; leave it and page_scoped_id out";
        return Err(Fault::invalid("data.customer.profile", remedy));
    }
    let given = data
        .customer
        .clone()
        .map(|customer| given(&customer, country))
        .transpose()?;
    Ok(Told {
        key: OrderKey {
            integration: integration.clone(),
            order: event.reference,
        },
        digest: content.as_ref().to_vec(),
        order: order(data, channel.as_ref(), (placed_at, changed_at))?,
        given: given.flatten(),
    })
}

/// The name by which a shop knows a field of what it gave.
pub fn customer_field(field: &str) -> &'static str {
    match field {
        "phone" => "data.customer.phone",
        "email" => "data.customer.email",
        "name" => "data.customer.name",
        "default_country" => "data.country",
        _ => "data.customer",
    }
}

fn order(
    data: IngestOrder,
    channel: Option<&ChannelId>,
    (placed_at, changed_at): (Timestamp, Timestamp),
) -> Result<Order> {
    let words = "must be placed, paid, processing, shipped, delivered, cancelled, returned or refunded";
    let status = OrderStatus::from_word(&data.status).ok_or_else(|| Fault::invalid("data.status", words))?;
    let order = Order {
        version: data.version,
        status,
        currency: data.currency,
        total_minor: data.total_minor,
        lines: each("lines", data.lines, |line| of_line(line).check())?,
        parcels: each("parcels", data.parcels, |parcel| of_parcel(parcel).check())?,
        channel: channel.map(ToString::to_string),
        placed_at,
        changed_at,
        data: custom(&data.data)?,
    };
    order
        .check()
        .map_err(|wrong| Fault::invalid(format!("data.{}", wrong.field), wrong.remedy))
}

fn custom(data: &BTreeMap<String, String>) -> Result<BTreeMap<DataKey, DataValue>> {
    let read = data
        .iter()
        .map(|(key, value)| Ok((DataKey::parse(key)?, DataValue::parse(value)?)));
    let read: Result<_, Invalid> = read.collect();
    read.map_err(|wrong| Fault::invalid("data.data", wrong.remedy))
}

fn each<T, U>(list: &str, entries: Vec<T>, check: impl Fn(T) -> Result<U, Invalid>) -> Result<Vec<U>> {
    let checked = entries.into_iter().enumerate().map(|(index, entry)| {
        check(entry).map_err(|wrong| Fault::invalid(format!("data.{list}.{index}.{}", wrong.field), wrong.remedy))
    });
    checked.collect()
}

fn of_line(line: IngestOrderLine) -> OrderLine {
    OrderLine {
        name: line.name,
        sku: line.sku,
        quantity: line.quantity,
        unit_minor: line.unit_minor,
    }
}

fn of_parcel(parcel: IngestParcel) -> Parcel {
    Parcel {
        carrier: parcel.carrier,
        tracking_number: parcel.tracking_number,
        tracking_url: parcel.tracking_url,
        status: parcel.status,
    }
}

/// `None`: nothing by which the customer could be found again.
fn given(customer: &IngestCustomer, country: Option<Country>) -> Result<Option<Given>> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let as_shop = |wrong: Invalid| Invalid {
        field: customer_field(wrong.field),
        ..wrong
    };
    let phone = filled(&customer.phone)
        .map(|phone| Phone::parse(&phone, country))
        .transpose();
    let email = filled(&customer.email).map(|email| Email::parse(&email)).transpose();
    let name = filled(&customer.name).map(|name| PersonName::parse(&name)).transpose();
    let (phone, email, name) = (phone.map_err(as_shop)?, email.map_err(as_shop)?, name.map_err(as_shop)?);
    Ok(Given::new(name, phone, email, None).ok())
}

fn placed_at(data: &IngestOrder, now: Timestamp) -> Result<Option<Timestamp>> {
    let Some(text) = &data.placed_at else { return Ok(None) };
    let wrong = |_| Fault::invalid("data.placed_at", "is not RFC 3339, for example 2026-01-31T12:00:00Z");
    time("data.placed_at", text.parse().map_err(wrong)?, now).map(Some)
}

/// A clock that runs ahead counts as ours.
fn time(field: &'static str, at: Timestamp, now: Timestamp) -> Result<Timestamp> {
    match at < OLDEST {
        true => Err(Fault::invalid(field, "lies before the year 1990; say when it happened")),
        false => Ok(at.min(now)),
    }
}
