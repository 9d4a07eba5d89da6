//! `gateway-service serve | migrate | config | openapi`

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("openapi") {
        let document = gateway_service::inbound::http::openapi::document();
        return match std::io::stdout().write_all(document.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    runtime::main("gateway", &gateway_service::MIGRATOR, gateway_service::start)
}
