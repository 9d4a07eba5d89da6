//! The `homing` command: everything on one machine (`dev`, `demo`), and questions to a running system.
//!
//! Data go to stdout, messages to stderr. As a library it lends [`stack`], the whole system as child processes, to
//! the end-to-end tests.

pub mod args;
mod call;
mod commands;
mod exit;
mod output;
pub mod scenario;
mod show;
pub mod stack;

use std::io::IsTerminal;
use std::process::ExitCode;

use args::{Args, Command};
use tracing_subscriber::EnvFilter;

/// Runs one command. Errors are printed here, once.
pub async fn run(args: Args) -> ExitCode {
    let out = output::Out::new(args.output);
    let done = match args.command {
        Command::ServeServers(args) => commands::serve_servers::run(args).await,
        Command::Dev(args) => commands::dev::run(args, &out).await,
        Command::Demo(args) => commands::demo::run(args, &out).await,
        Command::Check(args) => commands::check::run(args, &out).await,
        Command::Explain(args) => commands::explain::run(args, &out).await,
        Command::Events { command } => commands::events::run(command, &out).await,
        Command::Simulate(args) => commands::simulate::run(args, &out).await,
        Command::Dlq { command } => commands::dlq::run(command, &out).await,
        Command::Workspace { command } => commands::workspace::run(command, &out).await,
        Command::Channel { command } => commands::channel::run(command, &out).await,
        Command::Team { command } => commands::team::run(command, &out).await,
        Command::Agent { command } => commands::agent::run(command, &out).await,
        Command::Queue { command } => commands::queue::run(command, &out).await,
        Command::Conversation { command } => commands::conversation::run(command, &out).await,
        Command::Integration { command } => commands::integration::run(command, &out).await,
        Command::Sender { command } => commands::sender::run(command, &out).await,
        Command::Form { command } => commands::form::run(command, &out).await,
        Command::Workflow { command } => commands::workflow::run(command, &out).await,
        Command::Rating { command } => commands::rating::run(command, &out).await,
        Command::Contact { command } => commands::contact::run(command, &out).await,
        Command::Role { command } => commands::role::run(command, &out).await,
        Command::Retention { command } => commands::retention::run(command, &out).await,
        Command::Consent { command } => commands::consent::run(command, &out).await,
        Command::Links { command } => commands::links::run(command, &out).await,
        Command::OptOut { command } => commands::opt_out::run(command, &out).await,
        Command::Prices { command } => commands::money::prices(command, &out).await,
        Command::Account { command } => commands::account::run(command, &out).await,
        Command::Books { command } => commands::books::run(command, &out).await,
        Command::Balance { command } => commands::money::balance(command, &out).await,
        Command::Completions(args) => commands::completions::run(&args, &out),
        Command::Usage(args) => commands::usage::usage(args, &out).await,
        Command::Charges(args) => commands::usage::charges(args, &out).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            exit::code_of(&error)
        }
    }
}

/// Logs of the command itself on stderr: `RUST_LOG`, else warnings.
pub fn init_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,sqlx=error"));
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    log.with_env_filter(filter).init();
}
