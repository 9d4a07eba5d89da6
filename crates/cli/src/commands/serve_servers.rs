//! One throw-away PostgreSQL around a command: what `make test` and `make sqlx` run in.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use sqlx::migrate::Migrator;
use testkit::servers::DATABASE_URL_VARIABLE;
use testkit::{Postgres, PostgresOptions};
use tokio::process::Command;

use crate::args::ServeServersArgs;
use crate::stack::Service;

pub(crate) async fn run(args: ServeServersArgs) -> Result<ExitCode> {
    let mut postgres = Postgres::start(PostgresOptions::default()).await?;
    let (program, arguments) = args.command.split_first().context("no command to run")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env(DATABASE_URL_VARIABLE, postgres.url("postgres"));
    if args.check_databases {
        for service in Service::ALL {
            let url = check_database(&postgres, service, Path::new(".")).await?;
            command.env(format!("{}_CHECK_DATABASE_URL", service.short().to_uppercase()), url);
        }
    }
    let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            // The terminal sends it to the command too, which ends as it sees fit.
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    postgres.stop().await?;
    Ok(ExitCode::from(
        status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
    ))
}

/// A database with the tables of one service, straight from its migrations: its binary may not compile without.
async fn check_database(postgres: &Postgres, service: Service, root: &Path) -> Result<String> {
    let name = format!("check_{}", service.short());
    postgres.ensure_database(&name).await?;
    let url = postgres.url(&name);
    let folder = root.join("services").join(service.binary()).join("migrations");
    if folder.is_dir() {
        store::migrate(&url, service.short(), &Migrator::new(folder).await?)
            .await
            .with_context(|| format!("cannot migrate {name}"))?;
    }
    Ok(url)
}
