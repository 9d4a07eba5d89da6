//! What routing-service tells of agents.

use crate::app::App;
use bus::{ConsumerSpec, Handler};
use domain::AgentId;
use events::event::{AgentAvailability, AgentAvailabilityChanged};
use events::{Received, fact_filter};
use fault::Result;

/// The consumer of who can be given chats.
pub fn agent_spec() -> ConsumerSpec {
    ConsumerSpec::facts("conversation-agents", vec![fact_filter::<AgentAvailabilityChanged>()])
}

/// Hands each fact to the use case. The highest version counts, so repetition changes nothing and needs no inbox.
#[derive(Debug)]
pub struct Agents(pub App);

impl Handler for Agents {
    async fn handle(&self, message: Received) -> Result<()> {
        let fact: AgentAvailabilityChanged = message.decode()?;
        let is_available = fact.availability() == AgentAvailability::Available;
        let agent = AgentId::parse(&fact.agent)?;
        self.0
            .note_agent(message.workspace(), &agent, is_available, fact.version)
            .await
    }
}
