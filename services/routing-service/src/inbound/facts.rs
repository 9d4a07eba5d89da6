//! What other services tell.

use crate::app::App;
use ::domain::VisitorId;
use bus::{ConsumerSpec, Handler};
use events::common::PresenceState;
use events::event::VisitorPresenceChanged;
use events::{Received, fact_filter};
use fault::{Fault, Result};

/// The consumer of everything that is told to this service.
pub(crate) fn spec() -> ConsumerSpec {
    ConsumerSpec::facts("routing", vec![fact_filter::<VisitorPresenceChanged>()])
}

/// Hands each fact to its use case. Versions and states count, so repetition changes nothing and needs no inbox.
pub(crate) struct Facts(pub(crate) App);

impl Handler for Facts {
    async fn handle(&self, message: Received) -> Result<()> {
        let (app, workspace) = (&self.0, message.workspace());
        if message.is::<VisitorPresenceChanged>() {
            let fact: VisitorPresenceChanged = message.decode()?;
            let visitor = VisitorId::parse(&fact.visitor)?;
            let is_connected = fact.state() != PresenceState::Offline;
            app.note_console(workspace, visitor, is_connected, (fact.epoch, fact.version))
                .await
        } else {
            Err(Fault::invalid("subject", "is not a fact that this consumer asked for"))
        }
    }
}
