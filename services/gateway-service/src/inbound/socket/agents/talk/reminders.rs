use super::{Talk, Wire};
use crate::app::agent_desk::list_reminders;
use crate::domain::agent_frame::AgentServerFrame;
use crate::inbound::http::problem;
use crate::inbound::socket::wire::End;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// Hints may be lost; this closes the gap.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// While their owner is away.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What an agent was told at this console of what they are reminded of.
pub(super) struct Reminders {
    /// Versions, by conversation.
    told: HashMap<String, u64>,
    look_at: Instant,
}

impl Reminders {
    /// At once: what came while no console was open is told first.
    pub fn new() -> Self {
        Self {
            told: HashMap::new(),
            look_at: Instant::now(),
        }
    }

    pub fn look_at(&self) -> Instant {
        self.look_at
    }
}

impl Talk {
    /// Tells each version of what the agent is reminded of once. While it cannot be looked up, it is looked for again soon.
    pub(super) async fn remind(&mut self, wire: &mut Wire) -> Result<(), End> {
        let span = tracing::info_span!("socket", otel.name = "agent socket remind", workspace = %self.desk.workspace);
        let found = match list_reminders(&self.desk).instrument(span).await {
            Ok(found) => found,
            Err(fault) => {
                problem::log(&fault);
                self.reminders.look_at = Instant::now() + LOOK_AGAIN;
                return Ok(());
            }
        };
        self.reminders.look_at = Instant::now() + LOOK_EVERY;
        let before = std::mem::take(&mut self.reminders.told);
        for reminder in found {
            let (conversation, version) = (reminder.conversation.clone(), reminder.version);
            if before.get(&conversation).is_none_or(|told| *told < version) {
                wire.send(&AgentServerFrame::Reminder(reminder)).await?;
            }
            self.reminders.told.insert(conversation, version);
        }
        Ok(())
    }
}
