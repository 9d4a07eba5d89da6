//! What routing-service tells of who has a conversation.

use crate::app::App;
use crate::domain::assignee::{Assignee, Told};
use crate::wire;
use bus::{ConsumerSpec, Handler};
use domain::{ConversationId, RequestId};
use events::event::{AssigneeKind, RequestChanged, RequestState};
use events::{Received, fact_filter, instant};
use fault::{Fault, Result};

/// The consumer of who has conversations.
pub fn request_spec() -> ConsumerSpec {
    ConsumerSpec::facts("conversation-requests", vec![fact_filter::<RequestChanged>()])
}

/// Hands on who has a conversation now. The newest counts, and what is over stays so: repetition changes nothing and needs no inbox.
#[derive(Debug)]
pub struct Requests(pub App);

impl Handler for Requests {
    async fn handle(&self, message: Received) -> Result<()> {
        let fact: RequestChanged = message.decode()?;
        // Who is alerted has it only once they take it.
        if fact.conversation.is_empty() || fact.state() == RequestState::Alerted {
            return Ok(());
        }
        let (workspace, conversation) = (message.workspace(), ConversationId::parse(&fact.conversation)?);
        let assignee = wire::assignee_kind_of(fact.assignee_kind()).map(|kind| Assignee {
            kind,
            id: fact.assignee.clone(),
        });
        let told = Told {
            conversation,
            request: RequestId::parse(&fact.request)?,
            version: fact.version,
            assignee,
        };
        self.0.note_assignee(workspace, &told).await?;
        let by_person = matches!(fact.assignee_kind(), AssigneeKind::Agent | AssigneeKind::Admin);
        if fact.state() != RequestState::Serving || !by_person {
            return Ok(());
        }
        let at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        self.0.note_taken_over(workspace, conversation, at).await
    }
}
