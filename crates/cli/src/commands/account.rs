//! Plans, thresholds and what expires, by gRPC to billing-service.

use std::process::ExitCode;

use anyhow::Result;
use rpc::billing::{
    CloseAccountRequest, GetAccountRequest, GetAccountResponse, Lot, Plan, ReopenAccountRequest, SetPlanRequest,
    SetThresholdsRequest, Thresholds,
};
use serde_json::{Value, json};

use super::money::{client, micro};
use crate::args::AccountCommand;
use crate::call::call;
use crate::output::{Out, say};
use crate::show;

pub(crate) async fn run(command: AccountCommand, out: &Out) -> Result<ExitCode> {
    match command {
        AccountCommand::Show { workspace } => {
            show_account(&call!(client()?, get_account, GetAccountRequest { workspace })?, out)?;
        }
        AccountCommand::Plan {
            workspace,
            allowance,
            unpaid,
        } => {
            let plan = Some(Plan {
                paid: !unpaid,
                allowance_micro_pu: micro(&allowance)?,
            });
            call!(client()?, set_plan, SetPlanRequest { workspace, plan })?;
            say("the plan is set");
        }
        AccountCommand::Thresholds {
            workspace,
            low,
            top_up_below,
            top_up,
        } => {
            let thresholds = Some(Thresholds {
                low_micro_pu: micro(&low)?,
                top_up_below_micro_pu: micro(&top_up_below)?,
                top_up_micro_pu: micro(&top_up)?,
            });
            let request = SetThresholdsRequest { workspace, thresholds };
            call!(client()?, set_thresholds, request)?;
            say("the thresholds are set");
        }
        AccountCommand::Close { workspace } => {
            call!(client()?, close_account, CloseAccountRequest { workspace })?;
            say("the account is closed");
        }
        AccountCommand::Reopen { workspace } => {
            call!(client()?, reopen_account, ReopenAccountRequest { workspace })?;
            say("the account is open");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_account(account: &GetAccountResponse, out: &Out) -> Result<()> {
    let balance = account.balance.unwrap_or_default();
    let plan = account.plan.unwrap_or_default();
    let thresholds = account.thresholds.unwrap_or_default();
    if out.json() {
        let lots: Vec<Value> = account.lots.iter().map(lot).collect();
        return out.document(&json!({
            "available_micro_pu": balance.available_micro_pu, "held_micro_pu": balance.held_micro_pu,
            "unexpiring_micro_pu": account.unexpiring_micro_pu, "lots": lots, "closed": account.closed,
            "plan": { "paid": plan.paid, "allowance_micro_pu": plan.allowance_micro_pu },
            "thresholds": {
                "low_micro_pu": thresholds.low_micro_pu, "top_up_below_micro_pu": thresholds.top_up_below_micro_pu,
                "top_up_micro_pu": thresholds.top_up_micro_pu,
            },
        }));
    }
    let mut rows: Vec<Vec<String>> = account
        .lots
        .iter()
        .map(|lot| {
            let expires = show::rfc3339(lot.expires_at.as_ref());
            vec![
                show::pu(lot.rest_micro_pu),
                show::pu(lot.micro_pu),
                expires.as_str().unwrap_or_default().to_owned(),
            ]
        })
        .collect();
    rows.push(vec![
        show::pu(account.unexpiring_micro_pu),
        String::new(),
        "never".to_owned(),
    ]);
    out.table(&["PU left", "of", "expires"], &rows)?;
    let paid = if plan.paid { "paid plan" } else { "no paid plan" };
    out.line(format!(
        "{} PU held; {paid}, {} PU a month",
        show::pu(balance.held_micro_pu),
        show::pu(plan.allowance_micro_pu)
    ))?;
    if account.closed {
        out.line("the account is closed")?;
    }
    Ok(())
}

fn lot(lot: &Lot) -> Value {
    json!({
        "micro_pu": lot.micro_pu, "rest_micro_pu": lot.rest_micro_pu,
        "paid_at": show::rfc3339(lot.paid_at.as_ref()), "expires_at": show::rfc3339(lot.expires_at.as_ref()),
    })
}
