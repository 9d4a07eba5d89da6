use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main("contacts", &contacts_service::MIGRATOR, contacts_service::start)
}
