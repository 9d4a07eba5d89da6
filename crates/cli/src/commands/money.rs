//! Prices and funds, by gRPC to billing-service.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use events::common::MessageKind;
use fault::Fault;
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::{
    Balance, ExportPricesRequest, GetBalanceRequest, ImportPricesRequest, Price, SetPricesRequest, TopUpRequest,
};
use rpc::conversation::GetWorkspaceRequest;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use serde_json::json;
use tonic::transport::Channel;

use crate::args::{BalanceCommand, PriceKind, PricesCommand};
use crate::call::call;
use crate::output::{Out, say};
use crate::show;
use crate::stack::{Endpoints, Service};

type Client = BillingServiceClient<Channel>;

const MICRO: i64 = 1_000_000;

pub(super) fn client() -> Result<Client> {
    Ok(BillingServiceClient::new(Endpoints::connect(Service::Billing)?))
}

pub(crate) async fn prices(command: PricesCommand, out: &Out) -> Result<ExitCode> {
    match command {
        PricesCommand::Set {
            workspace,
            kind,
            country,
            pu,
            from,
        } => {
            let price = Price {
                kind: message_kind(kind).into(),
                country,
                valid_from: Some(events::stamp(from.map_or_else(|| Ok(now()), |day| start_of(&day))?)),
                micro_pu: micro(&pu)?,
            };
            let prices = vec![price];
            call!(client()?, set_prices, SetPricesRequest { workspace, prices })?;
            say("the price is set");
        }
        PricesCommand::Import { workspace, file } => {
            let csv = read(&file)?;
            let answer = call!(client()?, import_prices, ImportPricesRequest { workspace, csv })?;
            say(format!("{} prices are set", answer.prices));
        }
        PricesCommand::Export { workspace } => {
            let list = call!(client()?, export_prices, ExportPricesRequest { workspace })?.csv;
            out.line(list.trim_end())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What stands in a file; `-` is standard input.
pub(super) fn read(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        return std::io::read_to_string(std::io::stdin()).context("cannot read standard input");
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

pub(super) fn message_kind(kind: PriceKind) -> MessageKind {
    match kind {
        PriceKind::Sms => MessageKind::Sms,
        PriceKind::Lms => MessageKind::Lms,
        PriceKind::Email => MessageKind::Email,
        PriceKind::Whatsapp => MessageKind::Whatsapp,
    }
}

pub(crate) async fn balance(command: BalanceCommand, out: &Out) -> Result<ExitCode> {
    let balance = match command {
        BalanceCommand::TopUp {
            workspace,
            pu,
            request_id,
            expires,
        } => {
            let micro_pu = micro(&pu)?;
            let request = TopUpRequest {
                workspace,
                request_id,
                micro_pu,
                expires_at: expires.map(|day| start_of(&day)).transpose()?.map(events::stamp),
            };
            call!(client()?, top_up, request)?.balance
        }
        BalanceCommand::Show { workspace } => {
            known(&workspace).await?;
            Some(balance_of(workspace).await?)
        }
    };
    show_balance(balance.context("an empty answer")?, out)?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a workspace that was never created: billing knows accounts only, and nobody's is empty.
async fn known(workspace: &str) -> Result<()> {
    let client = WorkspaceServiceClient::new(Endpoints::connect(Service::Conversation)?);
    let workspace = workspace.to_owned();
    call!(client, get_workspace, GetWorkspaceRequest { workspace })?;
    Ok(())
}

/// What a workspace has left.
pub(super) async fn balance_of(workspace: String) -> Result<Balance> {
    let answer = call!(client()?, get_balance, GetBalanceRequest { workspace })?;
    answer.balance.context("an empty answer")
}

fn show_balance(balance: Balance, out: &Out) -> Result<()> {
    let (free, held) = (balance.available_micro_pu, balance.held_micro_pu);
    if out.json() {
        return out.document(&json!({ "available_micro_pu": free, "held_micro_pu": held }));
    }
    out.table(&["available PU", "held PU"], &[vec![show::pu(free), show::pu(held)]])
}

/// PU with at most six decimals as micro-PU, exactly.
pub(super) fn micro(text: &str) -> Result<i64, Fault> {
    let wrong = || {
        Fault::invalid(
            "pu",
            "must be a number of PU with at most six decimals, for example 0.05",
        )
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return Err(wrong());
    }
    let whole: i64 = whole.parse().map_err(|_| wrong())?;
    let rest: i64 = format!("{decimals:0<6}").parse().map_err(|_| wrong())?;
    let whole = whole.checked_mul(MICRO).ok_or_else(wrong)?;
    whole.checked_add(rest).ok_or_else(wrong)
}

/// Midnight UTC of a day.
pub(super) fn start_of(day: &str) -> Result<jiff::Timestamp> {
    let wrong = |_| Fault::invalid("date", "must be a day, for example 2026-11-21");
    let date: jiff::civil::Date = day.parse().map_err(wrong)?;
    Ok(date.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp())
}

#[expect(clippy::disallowed_methods, reason = "the command line plays the outside world")]
pub(super) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::{micro, start_of};

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(micro("0.05").expect("a price"), 50_000);
        assert_eq!(micro("10").expect("funds"), 10_000_000);
        assert_eq!(micro("0.000001").expect("the least"), 1);
        for wrong in ["", ".5", "-1", "1e3", "0.0000001", "1.2.3", "99999999999999999999"] {
            assert!(micro(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_begin_at_midnight() {
        let start = start_of("2026-11-21").expect("a day");
        assert_eq!(start.to_string(), "2026-11-21T00:00:00Z");
        assert!(start_of("yesterday").is_err());
    }
}
