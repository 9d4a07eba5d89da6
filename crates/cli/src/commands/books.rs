//! What providers say beside what was charged, by gRPC to billing-service.

use std::process::ExitCode;

use anyhow::Result;
use jiff::{ToSpan, tz::TimeZone};
use rpc::billing::{
    Drift, GetDriftRequest, GetDriftResponse, HoldState, ImportStatementRequest, ListTransfersRequest,
    SettleHoldRequest, Transfer,
};
use serde_json::{Value, json};

use super::money::{client, now, read};
use super::usage::{PAGE, days, time};
use crate::args::{BooksCommand, Outcome};
use crate::call::call;
use crate::output::{Out, say};
use crate::show;

pub(crate) async fn run(command: BooksCommand, out: &Out) -> Result<ExitCode> {
    match command {
        BooksCommand::ImportStatement {
            workspace,
            provider,
            day,
            file,
        } => {
            let request = ImportStatementRequest {
                workspace,
                provider,
                day,
                csv: read(&file)?,
            };
            let answer = call!(client()?, import_statement, request)?;
            say(format!("{} messages are told of", answer.messages));
            Ok(ExitCode::SUCCESS)
        }
        BooksCommand::Settle {
            workspace,
            delivery,
            outcome,
            note,
        } => {
            let outcome = match outcome {
                Outcome::Captured => HoldState::Captured,
                Outcome::Released => HoldState::Released,
            };
            let request = SettleHoldRequest {
                workspace,
                delivery,
                outcome: outcome.into(),
                note,
            };
            let settled = call!(client()?, settle_hold, request)?;
            let state = show::word(settled.state().as_str_name(), "HOLD_STATE_");
            say(format!("{} PU are {state}", show::pu(settled.micro_pu)));
            Ok(ExitCode::SUCCESS)
        }
        BooksCommand::Journal {
            workspace,
            from,
            to,
            limit,
        } => {
            let (from, to) = days(from.as_deref(), to.as_deref())?;
            let request = ListTransfersRequest {
                workspace,
                from: Some(events::stamp(from)),
                to: Some(events::stamp(to)),
                page_size: limit.min(PAGE),
                page_token: String::new(),
            };
            show_journal(&journal(request, usize::try_from(limit)?).await?, out)?;
            Ok(ExitCode::SUCCESS)
        }
        BooksCommand::Drift { workspace, from, to } => {
            let today = now().to_zoned(TimeZone::UTC).date();
            let request = GetDriftRequest {
                workspace,
                from: from.unwrap_or_else(|| (today - 35.days()).to_string()),
                to: to.unwrap_or_else(|| (today + 1.day()).to_string()),
            };
            let report = call!(client()?, get_drift, request)?;
            show_report(&report, out)?;
            let agree = report.drifting == 0 && report.books.is_empty() && report.old_holds == 0;
            Ok(if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// At most so many lines, read page by page.
async fn journal(mut request: ListTransfersRequest, limit: usize) -> Result<Vec<Transfer>> {
    let mut lines = Vec::new();
    loop {
        let page = call!(client()?, list_transfers, request.clone())?;
        lines.extend(page.transfers);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() || lines.len() >= limit {
            break;
        }
    }
    lines.truncate(limit);
    Ok(lines)
}

fn show_journal(lines: &[Transfer], out: &Out) -> Result<()> {
    let at = |line: &Transfer| time(line.at.as_ref());
    if out.json() {
        let one = |line: &Transfer| {
            json!({
                "id": line.id, "at": at(line), "reason": line.reason, "debit": line.debit, "credit": line.credit,
                "micro_pu": line.micro_pu, "delivery": line.delivery, "request_id": line.request_id,
            })
        };
        return out.document(&lines.iter().map(one).collect::<Vec<Value>>());
    }
    let row = |line: &Transfer| {
        let about = if line.delivery.is_empty() {
            &line.request_id
        } else {
            &line.delivery
        };
        vec![
            at(line),
            line.reason.clone(),
            line.debit.clone(),
            line.credit.clone(),
            show::pu(line.micro_pu),
            about.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    out.table(&["at", "reason", "from", "to", "PU", "delivery or request"], &rows)
}

fn show_report(report: &GetDriftResponse, out: &Out) -> Result<()> {
    if out.json() {
        let drifts: Vec<Value> = report.drifts.iter().map(drift).collect();
        let books: Vec<Value> = report
            .books
            .iter()
            .map(|one| json!({ "what": one.what, "kept": one.kept_micro_pu, "counted": one.counted_micro_pu }))
            .collect();
        return out.document(&json!({
            "drifting": report.drifting, "drifts": drifts, "books": books, "old_holds": report.old_holds,
        }));
    }
    let text = |number: Option<String>| number.unwrap_or_default();
    let rows: Vec<Vec<String>> = report
        .drifts
        .iter()
        .map(|one| {
            vec![
                one.day.clone(),
                kind(one),
                text(one.parts.map(|parts| parts.to_string())),
                text(one.reported_parts.map(|parts| parts.to_string())),
                text(one.micro_pu.map(show::pu)),
                text(one.reported_micro_pu.map(show::pu)),
                one.provider.clone(),
                one.provider_message.clone(),
                one.delivery.clone(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        let head = [
            "day", "what", "parts", "reported", "PU", "reported", "provider", "message", "delivery",
        ];
        out.table(&head, &rows)?;
    }
    for one in &report.books {
        let (kept, counted) = (show::pu(one.kept_micro_pu), show::pu(one.counted_micro_pu));
        out.line(format!("{}: {kept} PU kept, {counted} PU counted", one.what))?;
    }
    out.line(format!(
        "{} differences to statements, {} in the books, {} holds open for more than 72 hours",
        report.drifting,
        report.books.len(),
        report.old_holds
    ))
}

fn kind(drift: &Drift) -> String {
    show::word(drift.kind().as_str_name(), "DRIFT_KIND_")
}

fn drift(drift: &Drift) -> Value {
    json!({
        "day": drift.day, "kind": kind(drift), "delivery": drift.delivery, "provider": drift.provider,
        "provider_message": drift.provider_message, "parts": drift.parts, "reported_parts": drift.reported_parts,
        "micro_pu": drift.micro_pu, "reported_micro_pu": drift.reported_micro_pu,
    })
}
