//! Everything on this machine until Ctrl-C.

use std::process::ExitCode;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::DevArgs;
use crate::output::{Out, say};
use crate::stack::{Endpoints, Service, Stack, StackOptions};

pub(crate) async fn run(args: DevArgs, out: &Out) -> Result<ExitCode> {
    if let Ok(running) = Endpoints::running(&args.data) {
        anyhow::bail!(
            "homing dev already runs in {} as process {}",
            args.data.display(),
            running.pid
        );
    }
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    say("starting PostgreSQL, NATS, sinks and seven services ...");
    let options = StackOptions {
        folder: Some(args.data),
        time_scale: args.time_scale,
        durable: true,
        ..StackOptions::default()
    };
    let started = tokio::select! {
        stack = Stack::start(options) => stack?,
        // What has started dies with us.
        _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
        _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
    };
    let mut stack = started;
    show(&stack.endpoints, out)?;
    let exit = tokio::select! {
        exit = stack.first_exit() => Some(exit?),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    if let Some(exit) = &exit {
        say(format!("homing: {exit}"));
    }
    say("stopping ...");
    stack.stop().await?;
    Ok(if exit.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn show(endpoints: &Endpoints, out: &Out) -> Result<()> {
    if out.json() {
        return out.document(endpoints);
    }
    let row = |what: &str, address: &str, note: &str| vec![what.to_owned(), address.to_owned(), note.to_owned()];
    let mut rows = vec![
        row(
            "API and sockets",
            &endpoints.gateway,
            "tokens from `homing integration create`",
        ),
        row(
            "texts and mails",
            &endpoints.sinks,
            "what would have been sent; also /messages and /mails as JSON",
        ),
        row(
            "NATS",
            &endpoints.nats,
            "the operator's user; services and integrations have their own",
        ),
        row(
            "PostgreSQL",
            &endpoints.postgres,
            "superuser, no password; one database per service",
        ),
    ];
    for service in Service::ALL {
        rows.push(row(
            &service.binary(),
            &endpoints.services[service.short()],
            "gRPC, with health and reflection",
        ));
    }
    rows.push(row(
        "traces",
        &endpoints.otlp,
        "OTLP; read them at <texts and mails>/spans/<trace id>",
    ));
    rows.push(row("logs", &endpoints.logs.display().to_string(), "one file each"));
    if endpoints.time_scale != 1.0 {
        rows.push(row(
            "time scale",
            &endpoints.time_scale.to_string(),
            "minutes of the product pass that much faster",
        ));
    }
    out.table(&["what", "where", "note"], &rows)
}
