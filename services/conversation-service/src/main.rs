//! The conversation-service binary: `serve` (default), `migrate`, `config`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main(
        "conversation",
        &conversation_service::MIGRATOR,
        conversation_service::start,
    )
}
