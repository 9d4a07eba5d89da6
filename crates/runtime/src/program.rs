use crate::settings::Migration;
use crate::{Base, Running, SettingDoc, Settings, Shell, telemetry};
use fault::Result;
use sqlx::migrate::Migrator;
use std::future::Future;
use std::io::Write;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Exit codes: stopped in order, the service failed, settings or arguments are wrong.
const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// A service's whole `main`. Subcommands: `serve` (default), `migrate` (needs `HOMING_ADMIN_DATABASE_URL`, a login on
/// the service's database that may create roles), `config` (prints the settings as a table).
pub fn main<C, F, Fut>(service: &'static str, migrator: &'static Migrator, start: F) -> ExitCode
where
    C: Settings,
    F: FnOnce(C, Shell) -> Fut,
    Fut: Future<Output = Result<Running>>,
{
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("nothing else chose a provider before main");
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return say(FAILED, &format!("the runtime could not start: {error}")),
    };
    match std::env::args().nth(1).as_deref() {
        None | Some("serve") => runtime.block_on(serve(service, start)),
        Some("migrate") => runtime.block_on(migrate(service, migrator)),
        Some("config") => {
            let table = table(Base::docs().into_iter().chain(Migration::docs()).chain(C::docs()));
            std::io::stdout()
                .write_all(table.as_bytes())
                .map_or(ExitCode::from(FAILED), |()| ExitCode::SUCCESS)
        }
        Some(other) => say(
            USAGE,
            &format!("{other} is not a command; use serve, migrate or config"),
        ),
    }
}

#[expect(clippy::disallowed_methods, reason = "settings enter here and nowhere else")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

async fn serve<C, F, Fut>(service: &'static str, start: F) -> ExitCode
where
    C: Settings,
    F: FnOnce(C, Shell) -> Fut,
    Fut: Future<Output = Result<Running>>,
{
    let (base, config) = match Base::read(&environment).and_then(|base| C::read(&environment).map(|own| (base, own))) {
        Ok(settings) => settings,
        Err(error) => return say(USAGE, &error.to_string()),
    };
    let telemetry = match telemetry::init(service, &base) {
        Ok(telemetry) => telemetry,
        Err(error) => return say(USAGE, &format!("telemetry could not start: {error}")),
    };
    let code = match run(service, &base, config, start).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            tracing::error!(code = fault.code().name, "{service}-service failed: {}", fault.chain());
            ExitCode::from(FAILED)
        }
    };
    telemetry.flush().await;
    code
}

async fn run<C, F, Fut>(service: &'static str, base: &Base, config: C, start: F) -> Result<()>
where
    F: FnOnce(C, Shell) -> Fut,
    Fut: Future<Output = Result<Running>>,
{
    let mut terminate = signal(SignalKind::terminate()).map_err(fault::Fault::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fault::Fault::internal)?;
    let begin = async { start(config, Shell::connect(service, base).await?).await };
    let running = tokio::select! {
        running = begin => running?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let asked = tokio::select! {
        _ = terminate.recv() => true,
        _ = interrupt.recv() => true,
        () = running.stopping() => false,
    };
    tracing::info!(service, "stopping");
    running.stop().await;
    if asked {
        Ok(())
    } else {
        Err(fault::Fault::internal("a part of the service ended by itself"))
    }
}

async fn migrate(service: &'static str, migrator: &'static Migrator) -> ExitCode {
    let settings = match Migration::read(&environment) {
        Ok(settings) => settings,
        Err(error) => return say(USAGE, &error.to_string()),
    };
    let url = settings.admin_database_url.expose();
    match store::migrate_with(url, service, migrator, settings.patience()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(FAILED, &format!("{service}: {error}")),
    }
}

fn table(docs: impl Iterator<Item = SettingDoc>) -> String {
    let rows = docs.map(|doc| {
        format!(
            "| `{}` | {} | {} | {} |\n",
            doc.name,
            doc.form,
            if doc.default.is_empty() { "none" } else { doc.default },
            doc.meaning
        )
    });
    std::iter::once("| setting | form | default | meaning |\n| --- | --- | --- | --- |\n".to_owned())
        .chain(rows)
        .collect()
}

fn say(code: u8, line: &str) -> ExitCode {
    // If even stderr is gone, the exit code has to do.
    let _ = writeln!(std::io::stderr(), "{line}");
    ExitCode::from(code)
}
