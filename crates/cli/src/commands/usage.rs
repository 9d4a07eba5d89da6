//! What was used and what it cost, by gRPC to billing-service.

use std::process::ExitCode;

use anyhow::Result;
use events::common::MessageKind;
use jiff::{SignedDuration, Timestamp};
use rpc::billing::{
    Charge, GetUsageRequest, GetUsageResponse, HoldState, ListChargesRequest, Receipt, UsageBy, UsageRow,
};
use serde_json::{Value, json};

use super::money::{client, message_kind, now, start_of};
use crate::args::{ChargeState, ChargesArgs, OfMessages, UsageArgs};
use crate::call::call;
use crate::output::Out;
use crate::show;

/// The largest page of the log.
pub(super) const PAGE: u32 = 500;

pub(crate) async fn usage(args: UsageArgs, out: &Out) -> Result<ExitCode> {
    let (from, to) = period(&args.of)?;
    let by = if args.by_month { UsageBy::Month } else { UsageBy::Day };
    let request = GetUsageRequest {
        workspace: args.workspace,
        from: Some(events::stamp(from)),
        to: Some(events::stamp(to)),
        by: by.into(),
        kind: args.of.kind.map_or(0, |kind| message_kind(kind).into()),
        country: args.of.country.unwrap_or_default(),
    };
    let usage = call!(client()?, get_usage, request)?;
    if args.of.csv {
        let head = [
            "period",
            "kind",
            "country",
            "messages",
            "parts",
            "micro_pu",
            "micro_pu_per_message",
        ];
        let rows = usage.rows.iter().map(|row| usage_cells(row, |micro| micro.to_string()));
        out.csv(&head, &rows.collect::<Vec<_>>())?;
    } else {
        show_usage(&usage, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show_usage(usage: &GetUsageResponse, out: &Out) -> Result<()> {
    if out.json() {
        let rows: Vec<Value> = usage
            .rows
            .iter()
            .map(|row| {
                json!({
                    "period": row.period, "kind": word(row.kind()), "country": row.country, "messages": row.messages,
                    "parts": row.parts, "micro_pu": row.micro_pu, "micro_pu_per_message": row.micro_pu_per_message,
                })
            })
            .collect();
        return out.document(&json!({
            "time_zone": usage.time_zone, "rows": rows, "total_messages": usage.total_messages,
            "total_parts": usage.total_parts, "total_micro_pu": usage.total_micro_pu,
        }));
    }
    let rows: Vec<Vec<String>> = usage.rows.iter().map(|row| usage_cells(row, show::pu)).collect();
    out.table(
        &["period", "kind", "country", "messages", "parts", "PU", "PU each"],
        &rows,
    )?;
    out.line(format!(
        "{} messages, {} parts, {} PU in all; days of {}",
        usage.total_messages,
        usage.total_parts,
        show::pu(usage.total_micro_pu),
        usage.time_zone
    ))
}

fn usage_cells(row: &UsageRow, amount: fn(i64) -> String) -> Vec<String> {
    vec![
        row.period.clone(),
        word(row.kind()),
        row.country.clone(),
        row.messages.to_string(),
        row.parts.to_string(),
        amount(row.micro_pu),
        amount(row.micro_pu_per_message),
    ]
}

pub(crate) async fn charges(args: ChargesArgs, out: &Out) -> Result<ExitCode> {
    let (from, to) = period(&args.of)?;
    let limit = usize::try_from(args.limit)?;
    let state = args.state.map_or(HoldState::Unspecified, |state| match state {
        ChargeState::Held => HoldState::Held,
        ChargeState::Captured => HoldState::Captured,
        ChargeState::Released => HoldState::Released,
        ChargeState::Expired => HoldState::Expired,
    });
    let mut request = ListChargesRequest {
        workspace: args.workspace,
        page_size: args.limit.min(PAGE),
        page_token: String::new(),
        from: Some(events::stamp(from)),
        to: Some(events::stamp(to)),
        state: state.into(),
        kind: args.of.kind.map_or(0, |kind| message_kind(kind).into()),
        country: args.of.country.unwrap_or_default(),
    };
    let mut charges = Vec::new();
    loop {
        let page = call!(client()?, list_charges, request.clone())?;
        charges.extend(page.charges);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() || charges.len() >= limit {
            break;
        }
    }
    charges.truncate(limit);
    if args.of.csv {
        let head = [
            "delivery",
            "kind",
            "country",
            "parts",
            "micro_pu",
            "state",
            "held_at",
            "settled_at",
            "receipt",
            "receipt_at",
        ];
        let rows: Vec<Vec<String>> = charges
            .iter()
            .map(|charge| charge_cells(charge, |micro| micro.to_string()))
            .collect();
        out.csv(&head, &rows)?;
    } else if out.json() {
        let rows: Vec<Value> = charges.iter().map(charge_json).collect();
        out.document(&rows)?;
    } else {
        let head = [
            "delivery",
            "kind",
            "country",
            "parts",
            "PU",
            "state",
            "held at",
            "settled at",
            "receipt",
            "receipt at",
        ];
        let rows: Vec<Vec<String>> = charges.iter().map(|charge| charge_cells(charge, show::pu)).collect();
        out.table(&head, &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn charge_cells(charge: &Charge, amount: fn(i64) -> String) -> Vec<String> {
    vec![
        charge.delivery.clone(),
        word(charge.kind()),
        charge.country.clone(),
        charge.parts.to_string(),
        amount(charge.micro_pu),
        show::word(charge.state().as_str_name(), "HOLD_STATE_"),
        time(charge.at.as_ref()),
        time(charge.settled_at.as_ref()),
        receipt(charge),
        time(charge.receipt_at.as_ref()),
    ]
}

fn charge_json(charge: &Charge) -> Value {
    json!({
        "delivery": charge.delivery, "kind": word(charge.kind()), "country": charge.country, "parts": charge.parts,
        "micro_pu": charge.micro_pu, "state": show::word(charge.state().as_str_name(), "HOLD_STATE_"),
        "held_at": show::rfc3339(charge.at.as_ref()), "settled_at": show::rfc3339(charge.settled_at.as_ref()),
        "receipt": receipt(charge), "receipt_at": show::rfc3339(charge.receipt_at.as_ref()),
    })
}

/// What a receipt said; empty where none came.
fn receipt(charge: &Charge) -> String {
    match charge.receipt() {
        Receipt::Unspecified => String::new(),
        told => show::word(told.as_str_name(), "RECEIPT_"),
    }
}

fn word(kind: MessageKind) -> String {
    show::word(kind.as_str_name(), "MESSAGE_KIND_")
}

/// A time as tables show it; empty where there is none.
pub(super) fn time(at: Option<&prost_types::Timestamp>) -> String {
    show::rfc3339(at).as_str().unwrap_or_default().to_owned()
}

fn period(of: &OfMessages) -> Result<(Timestamp, Timestamp)> {
    days(of.from.as_deref(), of.to.as_deref())
}

/// Thirty days up to tomorrow, where nothing else is named.
pub(super) fn days(from: Option<&str>, to: Option<&str>) -> Result<(Timestamp, Timestamp)> {
    let day = SignedDuration::from_hours(24);
    let now = now();
    let start = |text: Option<&str>, otherwise| text.map_or(Ok(otherwise), start_of);
    Ok((start(from, now - day * 30)?, start(to, now + day)?))
}
