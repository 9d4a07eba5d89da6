use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main("routing", &routing_service::MIGRATOR, routing_service::start)
}
