//! What routing-service tells of teams.

use crate::app::App;
use bus::{ConsumerSpec, Handler};
use domain::TeamId;
use events::event::TeamStaffingChanged;
use events::{Received, fact_filter};
use fault::Result;

/// The consumer of whether visitors find somebody.
pub fn staffing_spec() -> ConsumerSpec {
    ConsumerSpec::facts("conversation-staffing", vec![fact_filter::<TeamStaffingChanged>()])
}

/// Hands each fact to the use case. The highest version counts, so repetition changes nothing and needs no inbox.
#[derive(Debug)]
pub struct Staffing(pub App);

impl Handler for Staffing {
    async fn handle(&self, message: Received) -> Result<()> {
        let fact: TeamStaffingChanged = message.decode()?;
        let team = TeamId::parse_optional(&fact.team)?;
        self.0
            .note_staffing(message.workspace(), team.as_ref(), fact.is_staffed, fact.version)
            .await
    }
}
