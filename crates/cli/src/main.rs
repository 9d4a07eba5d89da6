use std::process::ExitCode;

use clap::Parser;
use cli::args::Args;

#[tokio::main]
async fn main() -> ExitCode {
    testkit::install_crypto();
    cli::init_log();
    cli::run(Args::parse()).await
}
