use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main("presence", &presence_service::MIGRATOR, presence_service::start)
}
