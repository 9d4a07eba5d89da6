use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main("notifier", &notifier_service::MIGRATOR, notifier_service::start)
}
