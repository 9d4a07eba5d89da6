//! Is this machine ready, and is what runs here well?

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;
use testkit::{Postgres, PostgresOptions, TestNats};

use super::money;
use crate::args::CheckArgs;
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service, healthy};

#[derive(Serialize)]
struct Finding {
    what: String,
    ok: bool,
    detail: String,
}

pub(crate) async fn run(args: CheckArgs, out: &Out) -> Result<ExitCode> {
    let mut findings = vec![
        finding("PostgreSQL starts", postgres().await),
        finding("nats-server starts", nats().await),
    ];
    match Endpoints::running(Path::new(&args.data)) {
        Ok(endpoints) => {
            for service in Service::ALL {
                let url = &endpoints.services[service.short()];
                let ok = healthy(url).await;
                findings.push(Finding {
                    what: service.binary(),
                    ok,
                    detail: url.clone(),
                });
            }
            let nats = endpoints.nats_client().await;
            findings.push(finding(
                "NATS answers",
                nats.map(|_| "with the operator's user".to_owned()),
            ));
        }
        Err(_) => findings.push(Finding {
            what: "homing dev".to_owned(),
            ok: true,
            detail: "does not run here".to_owned(),
        }),
    }
    if let Some(workspace) = args.workspace {
        findings.push(funds(workspace).await);
    }
    if out.json() {
        out.document(&findings)?;
    } else {
        let rows: Vec<Vec<String>> = findings
            .iter()
            .map(|one| {
                vec![
                    if one.ok { "ok" } else { "FAILED" }.to_owned(),
                    one.what.clone(),
                    one.detail.clone(),
                ]
            })
            .collect();
        out.table(&["", "what", "detail"], &rows)?;
    }
    Ok(if findings.iter().all(|one| one.ok) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Without funds nothing is sent, and nothing else tells so before the first text.
async fn funds(workspace: String) -> Finding {
    let what = format!("funds of {workspace}");
    let (ok, detail) = match money::balance_of(workspace).await {
        Ok(balance) if balance.available_micro_pu > 0 => {
            (true, format!("{} PU available", show::pu(balance.available_micro_pu)))
        }
        Ok(_) => (
            false,
            "none available, so no text is sent: add some with `homing balance top-up`".to_owned(),
        ),
        Err(error) => (false, format!("{error:#}")),
    };
    Finding { what, ok, detail }
}

async fn postgres() -> Result<String> {
    let mut server = Postgres::start(PostgresOptions::default()).await?;
    server.stop().await?;
    Ok("a throw-away cluster was made and stopped".to_owned())
}

async fn nats() -> Result<String> {
    TestNats::start().await?;
    Ok("with JetStream".to_owned())
}

fn finding(what: &str, result: Result<String>) -> Finding {
    let (ok, detail) = match result {
        Ok(detail) => (true, detail),
        Err(error) => (false, format!("{error:#}")),
    };
    Finding {
        what: what.to_owned(),
        ok,
        detail,
    }
}
