use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main("billing", &billing_service::MIGRATOR, billing_service::start)
}
