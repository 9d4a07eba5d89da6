//! What the exit code tells.

use std::process::ExitCode;

use fault::{Fault, Kind};

/// Shown by `homing --help`.
pub(crate) const HELP: &str = "Exit codes:
  0  done
  1  failed: an expectation was missed, a child ended by itself, or something went wrong
  2  the command line is wrong
  3  something does not answer: try again
  4  refused: the answer names the field, or what is missing";

/// The code for an error: by the kind of the fault in its chain.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    let kind = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Fault>())
        .map(Fault::kind);
    ExitCode::from(match kind {
        Some(Kind::Unavailable | Kind::Timeout | Kind::RateLimited) => 3,
        Some(Kind::Internal) | None => 1,
        Some(_) => 4,
    })
}
