use std::process::ExitCode;

use clap::Parser;
use cli::args::Args;

#[tokio::main]
async fn main() -> ExitCode {
    testkit::install_crypto();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(cli::log_filter())
        .init();
    cli::run(Args::parse()).await
}
