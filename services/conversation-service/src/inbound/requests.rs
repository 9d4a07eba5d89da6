//! What routing-service tells of who has a conversation.

use crate::app::App;
use bus::{ConsumerSpec, Handler};
use domain::ConversationId;
use events::event::{AssigneeKind, RequestChanged, RequestState};
use events::{Received, fact_filter, instant};
use fault::{Fault, Result};

/// The consumer of agents who take conversations.
pub fn request_spec() -> ConsumerSpec {
    ConsumerSpec::facts("conversation-requests", vec![fact_filter::<RequestChanged>()])
}

/// Hands on who has a conversation now. What is over stays so, so repetition changes nothing and needs no inbox.
#[derive(Debug)]
pub struct Requests(pub App);

impl Handler for Requests {
    async fn handle(&self, message: Received) -> Result<()> {
        let fact: RequestChanged = message.decode()?;
        let by_person = matches!(fact.assignee_kind(), AssigneeKind::Agent | AssigneeKind::Admin);
        if fact.state() != RequestState::Serving || !by_person || fact.conversation.is_empty() {
            return Ok(());
        }
        let conversation = ConversationId::parse(&fact.conversation)?;
        let at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        self.0.note_taken_over(message.workspace(), conversation, at).await
    }
}
