//! The same decisions over recorded facts, on a virtual clock: what another policy would have sent, when, to how many
//! and at what cost, beside what was sent. Pure: no I/O, no clock, no chance.
//!
//! Customers are taken to have behaved as recorded: who came back because of a message that another policy would not
//! have sent still comes back. Providers take everything, owners always answer, and addresses are never opted out. Quiet
//! hours are on the clock of the country that a recorded text of the conversation went to, else on the workspace's. What
//! only presence knows at the moment of asking is not played, so mails on unread are an upper bound.

mod clocks;
mod policies;
mod recording;
mod replay;
mod tally;
#[cfg(test)]
mod tests;

pub use policies::{Changes, Policies};
pub use recording::{Recorded, Recording};
pub use tally::{Message, Prices, Sent, Tally};

/// Replays a recording with the settings that it tells of, changed by `policies`.
///
/// # Errors
/// A fact that the service would refuse, or settings that are out of range once changed.
pub fn simulate(recording: &Recording, policies: &Policies, scale: domain::TimeScale) -> fault::Result<Tally> {
    replay::Replay::new(policies, scale).run(recording)
}
